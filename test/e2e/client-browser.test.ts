import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import type { UploadState } from "../../client/index.ts";
import { newOperator, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { createUpload, newCaller, readProblem, sharedStack } from "../support/api.ts";
import { launchChromium } from "../support/browser.ts";
import { eicar } from "../support/eicar.ts";
import { type Line, openLine } from "../support/line.ts";
import { newDirectory } from "../support/new-directory.ts";
import { terminate } from "../support/small-quota.ts";
import { expectStored, listedFiles, textOf } from "../support/tus.ts";
import { mint } from "../support/upload-grants.ts";
import type { PageOptions, UploadingPage } from "../support/uploading-page.ts";
import { choose, reachState, signIn, useUploadingPage } from "../support/uploading-pages.ts";

/** What a page's uploads survive, in Chromium against the whole stack. Cuts are in client-cuts.test.ts. */

const MIB = 1024 * 1024;
const CHUNK = MIB / 2;
const SIZE = 6 * CHUNK;
const ENDS = ["uploaded", "failed", "refused"] as const;

const crm = useUploadingPage();
let browser: Browser;
let context: BrowserContext;
let caller: Caller;
let line: Line;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());
beforeEach(async () => {
  [context, caller, line] = await Promise.all([
    browser.newContext(),
    newCaller(),
    openLine(new URL(sharedStack().url)),
  ]);
  onTestFinished(() => context.close());
  onTestFinished(() => line.close());
});

async function openTab(options: Pick<PageOptions, "chunkSizeBytes" | "grant"> = {}): Promise<Page> {
  const page = await context.newPage();
  await signIn(page, crm.url, {
    endpoint: line.url,
    tenantId: caller.tenantId,
    token: caller.token,
    ...options,
  });
  return page;
}

async function newFile(bytes: Buffer, name = "notes.txt"): Promise<string> {
  const path = join(await newDirectory("causeway-browser-"), name);
  await writeFile(path, bytes);
  return path;
}

/** The id of what was uploaded, which is all that there is of the caller's. */
async function expectAlone(state: UploadState, bytes: Buffer, by = caller): Promise<void> {
  expect(state).toMatchObject({ kind: "uploaded", version: 1 });
  const fileId = "fileId" in state ? state.fileId : "";
  await expectStored(by, fileId, bytes);
  expect(await listedFiles(by)).toEqual([fileId]);
}

test("two tabs with one file show one upload, and the second goes on where the first was closed", async () => {
  const bytes = textOf(SIZE);
  const path = await newFile(bytes);
  const [first, second] = [
    await openTab({ chunkSizeBytes: CHUNK }),
    await openTab({ chunkSizeBytes: CHUNK }),
  ];
  line.stopAt(2 * CHUNK);
  await choose(first, path);
  await line.sent(2 * CHUNK);
  await choose(second, path);
  await reachState(second, "elsewhere");
  line.flow();
  line.stopAt(4 * CHUNK);
  await line.sent(4 * CHUNK);
  const sentInSecond = () =>
    second.evaluate(() => (globalThis as unknown as UploadingPage).upload.progress.sentBytes);
  await expect.poll(sentInSecond).toBeGreaterThan(CHUNK);
  expect((await reachState(first, "uploading")).kind).toBe("uploading");
  await first.close();
  line.flow();
  await expectAlone(await reachState(second, ...ENDS), bytes);
});

/** Which says of itself that it has ended; the server takes it for none. */
const ENDED_TOKEN = `x.${Buffer.from(JSON.stringify({ exp: 1 })).toString("base64url")}.x`;

test.each([
  ["that has ended isn't sent, and nothing goes up twice", ENDED_TOKEN, 0],
  ["that is refused costs one request at most", "revoked", CHUNK],
])("a token %s: the upload goes on when another comes", async (_what, next, moreBytes) => {
  const bytes = textOf(SIZE);
  const page = await openTab({ chunkSizeBytes: CHUNK });
  line.stopAt(2 * CHUNK);
  await choose(page, await newFile(bytes));
  await line.sent(2 * CHUNK);
  await page.evaluate((token) => {
    (globalThis as unknown as UploadingPage).token = token;
  }, next);
  line.flow();
  await page.waitForFunction(() => (globalThis as unknown as UploadingPage).isAskedForToken);
  await page.evaluate((token) => (globalThis as unknown as UploadingPage).giveToken(token), caller.token);
  await expectAlone(await reachState(page, ...ENDS), bytes);
  // Heads of requests are some 1 % of so small a file.
  expect(line.sentBytes).toBeLessThan(1.02 * SIZE + moreBytes);
});

async function setQuota(quotaBytes: number): Promise<void> {
  const path = `/v1/admin/tenants/${caller.tenantId}`;
  expect(await sendJson(await newOperator(), "PATCH", path, { quotaBytes })).toMatchObject({ ok: true });
}

test("without room a file is refused with the server's sentence, and goes up when there is some", async () => {
  // A tenant is known from its first file on.
  await terminate(caller, await createUpload(caller, 1));
  await setQuota(MIB);
  const bytes = textOf(SIZE);
  const page = await openTab();
  await choose(page, await newFile(bytes));
  expect(await reachState(page, ...ENDS)).toMatchObject({
    kind: "failed",
    problem: { status: 403, code: "QUOTA_EXCEEDED", detail: expect.any(String), availableBytes: MIB },
  });
  await setQuota(100 * MIB);
  await page.evaluate(() => (globalThis as unknown as UploadingPage).upload.resume());
  await expectAlone(await reachState(page, "uploaded", "refused"), bytes);
});

test("malware is told of with its name, and served to nobody", async () => {
  const page = await openTab();
  await choose(page, await newFile(eicar(), "invoice.txt"));
  const state = await reachState(page, ...ENDS);
  const record: FileRecord = await page.evaluate(
    async (fileId) => {
      const { client } = globalThis as unknown as UploadingPage;
      return client.files.waitUntilSettled(fileId);
    },
    "fileId" in state ? state.fileId : "",
  );
  expect(record).toMatchObject({
    state: "infected",
    verdict: { signatureName: expect.stringMatching(/eicar/i) },
  });
  const content = await caller.fetch(`/v1/files/${record.id}/content`);
  expect(await readProblem(content)).toMatchObject({ code: "FILE_BLOCKED" });
});

/** In this order. Chromium itself sends a request again whose connection had been used before: the page sees each second loss. */
async function loseAnswers(...methods: readonly string[]): Promise<void> {
  for (const method of methods) await line.loseAnswer(method);
}

test.each(["a session", "a grant"])(
  "by %s, lost answers of a creation and an append leave one file",
  async (by) => {
    const bytes = textOf(SIZE);
    const grant =
      by === "a grant"
        ? await mint({}, await newCaller({ ...caller, user: "ann", role: "service" }))
        : undefined;
    const page = await openTab({ chunkSizeBytes: 2 * CHUNK, ...(grant && { grant: grant.token }) });
    const lost = loseAnswers("POST", "POST", "PATCH", "PATCH");
    await choose(page, await newFile(bytes));
    await lost;
    await expectAlone(await reachState(page, ...ENDS), bytes, grant?.backend);
  },
);
