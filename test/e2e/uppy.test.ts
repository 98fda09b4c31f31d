import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { fileIdOf, getRecord, newCaller, sharedStack } from "../support/api.ts";
import { launchChromium } from "../support/browser.ts";
import { servePage } from "../support/built-page.ts";
import { useStarted } from "../support/started.ts";
import { cuttingProxy } from "../support/tus-clients.ts";
import { expectStored, listedFiles, textOf } from "../support/tus.ts";
import type { ChosenFile, UploadByUppy, UppyOutcome } from "../support/uppy-page.ts";

/** Uppy at its defaults, in a page of another origin. */

const crm = useStarted(() => servePage('import "/test/support/uppy-page.ts";'));

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

async function openPage(): Promise<Page> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(crm.url);
  await page.waitForFunction(() => "uploadByUppy" in globalThis);
  return page;
}

async function uploadBy(
  plugin: "Tus" | "XHRUpload",
  { token }: Caller,
  files: readonly ChosenFile[],
  stackUrl = sharedStack().url,
): Promise<UppyOutcome> {
  const page = await openPage();
  const path = plugin === "Tus" ? "/v1/uploads" : "/v1/files";
  const asked = { plugin, endpoint: new URL(path, stackUrl).href, token, files };
  return page.evaluate(({ plugin: by, endpoint, token: bearer, files: chosen }) => {
    const { uploadByUppy } = globalThis as unknown as { uploadByUppy: UploadByUppy };
    return uploadByUppy(by, endpoint, bearer, chosen);
  }, asked);
}

const CSV: ChosenFile = { name: "leads — 東.csv", type: "text/csv", text: "name,city\nAnn,Łódź\n" };
const NOTES: ChosenFile = { name: "notes.txt", type: "text/plain", text: textOf(6_000_000).toString() };
const EMPTY: ChosenFile = { name: "empty.txt", type: "text/plain", text: "" };

test.each(["Tus", "XHRUpload"] as const)("%s uploads files as they are", async (plugin) => {
  const caller = await newCaller();
  const files = [CSV, NOTES, EMPTY];
  const { uploadUrls, errors } = await uploadBy(plugin, caller, files);
  expect(errors).toEqual([]);
  expect(uploadUrls).toHaveLength(files.length);
  for (const url of uploadUrls) {
    const fileId = fileIdOf(url ?? "");
    const { filename } = await getRecord(caller, fileId);
    const file = files.find(({ name }) => name === filename);
    expect(file, filename).toBeDefined();
    await expectStored(caller, fileId, Buffer.from(file?.text ?? ""));
  }
});

test("Tus gets through cuts", async () => {
  const caller = await newCaller();
  const proxy = await cuttingProxy([1_000_000, 3_000_000]);
  const { uploadUrls, errors } = await uploadBy("Tus", caller, [NOTES], proxy.url);
  expect([errors, proxy.cuts]).toEqual([[], 2]);
  await expectStored(caller, fileIdOf(uploadUrls[0] ?? ""), Buffer.from(NOTES.text));
});

test("Tus gives a refusal up at once, and has what was answered", async () => {
  const caller = await newCaller();
  const { uploadUrls, errors } = await uploadBy("Tus", caller, [{ ...CSV, name: "setup.exe" }]);
  expect([uploadUrls, errors]).toEqual([[], [expect.stringContaining("FILE_TYPE_REFUSED")]]);
  expect(await listedFiles(caller)).toEqual([]);
});
