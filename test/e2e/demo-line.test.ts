import type { Browser, Page, Request, WebSocket } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { TenantId } from "#contract/ids.ts";
import type { FileList } from "#contract/listing.ts";
import { newCaller, sharedStack } from "../support/api.ts";
import { launchChromium } from "../support/browser.ts";
import { distinctBytes } from "../support/distinct-bytes.ts";

/** The demo's own connection, made slow, cut and good again by hand: what it does to requests really happens. */

const NAME = "line-recording.txt";
/** Ten seconds of the slow line. */
const BYTES = distinctBytes(2_500_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

async function openContact() {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const sockets: WebSocket[] = [];
  page.on("websocket", (socket) => sockets.push(socket));
  const upload = watchUpload(page);
  await page.goto(`${sharedStack().url}/#/contacts/c-1003`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return { page, sockets, ...upload };
}

const choose = (page: Page, quality: "Good" | "Slow" | "Cut") =>
  page.getByLabel("Connection").selectOption({ label: quality });

interface Sent {
  readonly from: number;
  readonly to: number;
}

/** What the server took of each answered request, in their order, and where it said that it was when it was asked. */
function watchUpload(page: Page) {
  const [taken, standings]: [Sent[], number[]] = [[], []];
  page.on("requestfinished", (request: Request) => {
    if (!request.url().includes("/v1/uploads/")) return;
    void request.response().then((answer) => {
      const offset = Number(answer?.headers()["upload-offset"]);
      if (request.method() === "HEAD") standings.push(offset);
      else if (answer?.status() === 204) {
        taken.push({ from: Number(request.headers()["upload-offset"]), to: offset });
      }
    });
  });
  return { taken, standings };
}

async function storedBytes(): Promise<Buffer> {
  const ann = await newCaller({ tenantId: TenantId.parse("acme") });
  const answer = await ann.fetch("/v1/files?entityType=contact&entityId=c-1003");
  const { items } = (await answer.json()) as FileList;
  const id = items.find(({ filename }) => filename === NAME)?.id;
  return Buffer.from(await (await ann.fetch(`/v1/files/${id}/content`)).arrayBuffer());
}

const row = (page: Page) => page.locator(".cw-upload", { hasText: NAME });

test("a cut line is waited for, and what the server has by then isn't sent again", async () => {
  const { page, sockets, taken, standings } = await openContact();
  await choose(page, "Slow");
  await page
    .locator(".cw-uploader input[data-cw=files]")
    .setInputFiles([{ name: NAME, mimeType: "text/plain", buffer: BYTES }]);
  await row(page)
    .getByText(/Uploading, .* left/)
    .waitFor();
  await row(page).getByText(/KB\/s/).waitFor();
  await expect.poll(() => taken.length).toBeGreaterThan(1);

  await choose(page, "Cut");
  await row(page).getByText("Waiting for your connection").waitFor();
  await page.getByText("This page's connection is cut.").waitFor();
  await expect.poll(() => sockets.at(-1)?.isClosed()).toBe(true);
  const before = [taken.length, sockets.length] as const;

  await choose(page, "Good");
  // Once all is there, the row goes by itself: the file is in the list.
  await page.getByRole("row", { name: NAME }).getByText("Ready").waitFor();
  await row(page).waitFor({ state: "detached" });
  expect(taken[before[0]]?.from).toBe(standings[0]);
  expect(taken.map(({ from }) => from).slice(1, before[0])).toEqual(
    taken.map(({ to }) => to).slice(0, before[0] - 1),
  );
  expect(taken.at(-1)?.to).toBe(BYTES.length);
  expect(sockets.length).toBeGreaterThan(before[1]);
  expect((await storedBytes()).equals(BYTES)).toBe(true);
});

test("what is given up on its way over a slow line isn't sent later", async () => {
  const { page } = await openContact();
  await choose(page, "Slow");
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname, search } = new URL(request.url());
    // The page asks for lists of its own meanwhile.
    if (pathname === "/health") asked.push(search);
  });
  await page.evaluate(async () => {
    const ask = (path: string) => {
      const request = new XMLHttpRequest();
      request.open("GET", path);
      request.send();
      return request;
    };
    const ended = (request: XMLHttpRequest, type: string) =>
      new Promise((resolve) => request.addEventListener(type, resolve));
    const given = ask("/health?given-up");
    const aborted = ended(given, "abort");
    given.abort();
    await aborted;
    // Over the same line, behind it.
    await ended(ask("/health?after"), "loadend");
  });
  expect(asked).toEqual(["?after"]);
});
