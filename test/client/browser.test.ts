import { createHash } from "node:crypto";
import { build } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type * as Causeway from "../../client/index.ts";
import { launchChromium } from "../support/browser.ts";
import { createTusHandler, type Listening, listen, type TusHandler } from "./support/tus-endpoint.ts";

/** What the page has, and what its tests leave there. */
declare global {
  var causeway: typeof Causeway;
  var uploader: Causeway.Uploader;
  var upload: Causeway.Upload;
  var wakes: string[];
  function makeFile(sizeBytes: number): File;
}

const MIB = 1024 * 1024;
const SIZE = 3 * MIB;

const PAGE = `<!doctype html><script src="/client.js"></script><script>
  globalThis.makeFile = (sizeBytes) =>
    new File([new Uint8Array(sizeBytes).fill(7)], "contract.pdf", { type: "application/pdf", lastModified: 1e12 });
  globalThis.uploader = causeway.createUploader({
    endpoint: location.origin + "/v1/uploads", getToken: () => "token", tenantId: "acme", userId: "ann", checkRules: false,
  });
</script>`;

let script: string;
let browser: Browser;
let context: BrowserContext;
let tus: TusHandler;
let server: Listening;

beforeAll(async () => {
  const built = await build({
    ...{ entryPoints: ["client/index.ts"], bundle: true, write: false, minify: true },
    ...{ format: "iife", globalName: "causeway" },
  });
  script = built.outputFiles[0]?.text ?? "";
  browser = await launchChromium();
}, 60_000);

afterAll(() => browser.close());

beforeEach(async () => {
  tus = createTusHandler();
  server = await listen((request, response) => {
    if (request.url === "/") response.writeHead(200, { "Content-Type": "text/html" }).end(PAGE);
    else if (request.url === "/client.js") response.end(script);
    else tus.handle(request, response);
  });
  context = await browser.newContext();
});

afterEach(async () => {
  await context.close();
  await server.close();
});

async function openPage(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(server.origin);
  return page;
}

const sentBytes = (page: Page) => page.evaluate(() => globalThis.upload.progress.sentBytes);

async function reachState(page: Page, kind: Causeway.UploadState["kind"]): Promise<void> {
  await page.waitForFunction((wanted) => globalThis.upload.state.kind === wanted, kind, { polling: 20 });
}

function startUpload(page: Page, options: { verify?: boolean } = {}, sizeBytes = SIZE): Promise<void> {
  return page.evaluate(
    ([size, how]) => {
      globalThis.upload = globalThis.uploader.add(globalThis.makeFile(size), {}, how);
      globalThis.upload.start();
    },
    [sizeBytes, options] as const,
  );
}

const stored = () => tus.uploads.get("file1")?.bytes.length;

test("two tabs send one upload: both show it, one alone lists it, and the second goes on where the first was closed", async () => {
  tus.next("PATCH", { stallAfterBytes: MIB });
  const [first, second] = [await openPage(), await openPage()];
  await startUpload(first);
  await expect.poll(stored).toBe(MIB);
  await startUpload(second);
  await reachState(second, "elsewhere");
  expect(await second.evaluate(() => globalThis.uploader.findPrevious())).toEqual([]);
  await first.close();
  await reachState(second, "uploaded");
  expect(tus.uploads.size).toBe(1);
  const patches = tus.seen.filter(({ method }) => method === "PATCH");
  expect(patches.map(({ offset }) => offset)).toEqual(["0", String(MIB)]);
  expect(tus.uploads.get("file1")?.bytes.equals(Buffer.alloc(SIZE, 7))).toBe(true);
});

test("a tab shows how far another is, and is done with it, without a byte of its own", async () => {
  tus.speed = 4 * MIB;
  const [first, second] = [await openPage(), await openPage()];
  await startUpload(first);
  await expect.poll(stored).toBeGreaterThan(0);
  await startUpload(second);
  await reachState(second, "elsewhere");
  await second.waitForFunction(() => globalThis.upload.progress.sentBytes > 0, undefined, { polling: 20 });
  await reachState(first, "uploaded");
  await reachState(second, "uploaded");
  expect(await second.evaluate(() => globalThis.upload.state)).toEqual({
    kind: "uploaded",
    fileId: "file1",
    version: 1,
  });
  expect(tus.seen.filter(({ method }) => method === "PATCH")).toHaveLength(1);
});

test("a request that the browser itself ends is a lost connection at once", async () => {
  tus.next("PATCH", { stallAfterBytes: MIB });
  const page = await openPage();
  await startUpload(page);
  await expect.poll(stored).toBe(MIB);
  await page.evaluate(() => window.stop());
  await reachState(page, "retrying");
  await page.evaluate(() => globalThis.upload.resume());
  await reachState(page, "uploaded");
});

test("after a reload the file isn't asked for again where the browser keeps its handle", async () => {
  tus.next("PATCH", { stallAfterBytes: MIB });
  const page = await openPage();
  await page.evaluate(async (size) => {
    const directory = await navigator.storage.getDirectory();
    const handle = await directory.getFileHandle("contract.pdf", { create: true });
    const writable = await handle.createWritable();
    await writable.write(globalThis.makeFile(size));
    await writable.close();
    globalThis.uploader.add(await handle.getFile(), { entityId: "c-1" }, { handle }).start();
  }, SIZE);
  await expect.poll(stored).toBe(MIB);
  await page.reload();
  const found = await page.evaluate(async () => {
    const [previous] = await globalThis.uploader.findPrevious();
    if (previous === undefined) throw new Error("There is one.");
    globalThis.upload = await previous.resume();
    return { canResume: previous.canResume, entityId: globalThis.upload.meta.entityId };
  });
  expect(found).toEqual({ canResume: true, entityId: "c-1" });
  await reachState(page, "uploaded");
  expect(tus.seen.filter(({ method }) => method === "PATCH")[1]?.offset).toBe(String(MIB));
  expect(tus.uploads.get("file1")?.bytes.equals(Buffer.alloc(SIZE, 7))).toBe(true);
  expect(await page.evaluate(() => globalThis.uploader.findPrevious())).toEqual([]);
});

test("the screen stays awake while something is sent, and what a large upload goes on by is asked to be kept", async () => {
  tus.next("PATCH", { stallAfterBytes: MIB });
  const page = await openPage();
  await page.evaluate(() => {
    globalThis.wakes = [];
    const request = async () => {
      globalThis.wakes.push("on");
      return { release: async () => void globalThis.wakes.push("off") };
    };
    Object.defineProperty(navigator, "wakeLock", { value: { request } });
    navigator.storage.persist = async () => globalThis.wakes.push("persist") > 0;
  });
  const wakes = () => page.evaluate(() => globalThis.wakes.splice(0));
  await startUpload(page, {}, 100 * MIB);
  await expect.poll(stored).toBe(MIB);
  expect(await wakes()).toEqual(["persist", "on"]);
  // As when the page was hidden, which takes the lock away, and is seen again.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await expect.poll(wakes).toEqual(["on", "off"]);
  await page.evaluate(() => globalThis.upload.pause());
  await expect.poll(wakes).toEqual(["off"]);
});

test("a worker hashes what is to be verified, and progress is told while a request is under way", async () => {
  const sha256 = createHash("sha256").update(Buffer.alloc(SIZE, 7)).digest("hex");
  tus.answers.set("/v1/files/file1/versions/1", { state: "clean", sha256 });
  tus.next("PATCH", { stallAfterBytes: MIB });
  const page = await openPage();
  await startUpload(page, { verify: true });
  await expect.poll(() => sentBytes(page)).toBeGreaterThan(0);
  await page.evaluate(() => {
    globalThis.upload.pause();
    globalThis.upload.resume();
  });
  const worker = page.waitForEvent("worker");
  await reachState(page, "uploaded");
  expect((await worker).url()).toMatch(/^blob:/);
});

test("a page under development is told once, on its console, that nothing or something else is at the endpoint", async () => {
  const page = await context.newPage();
  const told: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "warning") told.push(message.text());
  });
  await page.goto(server.origin);
  const ask = (endpoint: string) =>
    page.evaluate(async (at) => {
      const options = { endpoint: at, getToken: () => "token", tenantId: "acme", userId: "ann", retries: 1 };
      const client = causeway.createClient({ ...options, retryBaseMs: 1 });
      await client.quota.get().catch(() => {});
      await client.files.get("f1").catch(() => {});
    }, endpoint);
  const silent = await listen(() => {});
  await silent.close();
  await ask(silent.origin);
  expect(told.splice(0)).toEqual([expect.stringMatching(`^Causeway: ${silent.origin} doesn't answer`)]);
  const other = await listen((_request, response) => {
    response
      .setHeader("Access-Control-Allow-Origin", "*")
      .setHeader("Access-Control-Allow-Headers", "*, Authorization");
    response.end("<!doctype html>");
  });
  await ask(other.origin);
  await other.close();
  expect(told).toEqual([expect.stringMatching("isn't the API \\(200\\)")]);
});
