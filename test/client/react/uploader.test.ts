import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { TimeLeft } from "../../../client/react/uploader/time-left.ts";
import { launchChromium } from "../../support/browser.ts";
import { type DemoServer, startDemoServer } from "../support/demo-server.ts";
import { buildPage } from "./built-page.ts";
import { storedFile } from "./files/stored-files.ts";
import { withLive } from "./live-page.ts";

const MIB = 1024 * 1024;
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let builtDir: string;
let browser: Browser;
let server: DemoServer;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  [builtDir, browser] = await Promise.all([buildPage(), launchChromium()]);
});

afterAll(async () => {
  await browser.close();
  await rm(builtDir, { recursive: true });
});

beforeEach(async () => {
  server = await startDemoServer(builtDir);
  context = await browser.newContext();
  page = await context.newPage();
});

afterEach(async () => {
  await context.close();
  await server.close();
});

function pdf(name: string, sizeBytes = 10) {
  return { name, mimeType: "application/pdf", buffer: Buffer.alloc(sizeBytes, name) };
}

const rows = () => page.locator(".cw-upload-list").getByRole("list").getByRole("listitem");
const row = (name: string) => rows().filter({ hasText: name });
const choose = (files: Parameters<ReturnType<Page["locator"]>["setInputFiles"]>[0]) =>
  page.locator('input[data-cw="files"]').setInputFiles(files);
const open = (query = "") => page.goto(`${server.origin}/?${query}`);
const storedBytes = (id = "file1") => server.tus.uploads.get(id)?.bytes.length;

async function stallAt(bytes: number): Promise<void> {
  server.tus.next("PATCH", { stallAfterBytes: bytes });
}

test("a chosen file is sent, checked and ready, is heard of, and goes when it is taken off", async () => {
  await open();
  await choose([pdf("offer.pdf", 3 * MIB)]);
  await row("offer.pdf").getByText("Checking for viruses").waitFor();
  await row("offer.pdf").getByText("Ready").waitFor();
  await page.getByText("1 file ready").waitFor();
  await page.getByRole("status").filter({ hasText: "offer.pdf: Ready" }).waitFor();
  await row("offer.pdf").getByRole("button", { name: "Remove from the list: offer.pdf" }).click();
  await row("offer.pdf").waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Choose files");
  expect(server.files.length).toBe(1);
});

test("what breaks a rule is listed with it, before the rest is sent; what has no room too", async () => {
  server.rules = { ...server.rules, availableBytes: MIB };
  await open();
  await page.waitForLoadState("networkidle");
  const script = { name: "run.exe", mimeType: "application/octet-stream", buffer: Buffer.from("MZ") };
  await choose([script, pdf("large.pdf", 2 * MIB), pdf("fine.pdf")]);
  const refusals = page.getByRole("region", { name: "2 files not added" });
  await refusals.getByText('Files ending in ".exe" are not accepted.').waitFor();
  await refusals.getByText("There is no room for it: 1 MB of storage is left.").waitFor();
  await row("fine.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(1);
  await refusals.getByRole("button", { name: "Dismiss" }).click();
  await refusals.waitFor({ state: "detached" });
});

const META = { entityType: "contact", entityId: "c-1" };

/** The server has these bytes already, of another record where nothing else is said. */
function isThere(file: ReturnType<typeof pdf>, id: string, changes: object = {}): void {
  const sha256 = createHash("sha256").update(file.buffer).digest("hex");
  const elsewhere = { entityType: "deal", entityId: "7", createdAt: "2024-05-03T09:30:00Z" };
  server.files.push(storedFile(id, "Offer 2024.pdf", { sha256, ...elsewhere, ...changes }));
}

test("bytes that are there already are sent only when their user says so, by keyboard alone", async () => {
  const [offer, other] = [pdf("offer.pdf"), pdf("other.pdf")];
  isThere(offer, "there");
  await open();
  await choose([offer, other]);
  const said = "Already here: Offer 2024.pdf, attached to deal 7, uploaded by ann on 3 May 2024";
  await row("offer.pdf").getByText(said).waitFor();
  await page.getByRole("status").filter({ hasText: "offer.pdf: Already here. Upload it anyway?" }).waitFor();
  await row("other.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(1);
  expect(await rows().first().textContent()).toContain("offer.pdf");
  await row("offer.pdf").getByRole("button", { name: "Upload anyway: offer.pdf" }).focus();
  await page.keyboard.press("Enter");
  await row("offer.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(2);
  expect(await page.evaluate(() => document.activeElement?.closest("li")?.textContent)).toContain(
    "offer.pdf",
  );
  // Of the same record is the one to tell.
  isThere(offer, "here", META);
  await choose([offer]);
  const again = row("offer.pdf").filter({
    hasText: "Already here: Offer 2024.pdf, uploaded by ann on 3 May 2024",
  });
  await again.getByRole("button", { name: "Don’t upload: offer.pdf" }).focus();
  await page.keyboard.press("Enter");
  await again.waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.activeElement?.closest("li") !== null)).toBe(true);
  expect(server.tus.uploads.size).toBe(2);
});

test("many of them are settled at once", async () => {
  const files = ["a.pdf", "b.pdf", "c.pdf", "d.pdf"].map((name) => pdf(name));
  for (const [index, file] of files.entries()) isThere(file, `there${index}`);
  await open("language=de");
  await choose(files);
  const notice = page.getByRole("region", { name: "4 Dateien sind schon vorhanden" });
  await notice.waitFor();
  await page.addScriptTag({ path: AXE });
  const found = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } }).axe.run(),
  );
  expect(found.violations.map(({ id }) => id)).toEqual([]);
  await row("a.pdf").getByRole("button", { name: "Nicht hochladen: a.pdf" }).click();
  await page.getByRole("button", { name: "3 auslassen, die schon vorhanden sind" }).click();
  await notice.waitFor({ state: "detached" });
  await expect.poll(() => rows().count()).toBe(0);
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Dateien auswählen");
  expect(server.tus.uploads.size).toBe(0);
  await choose(files.slice(0, 2));
  await page.getByRole("button", { name: "Alle trotzdem hochladen" }).click();
  await page.getByText("2 Dateien bereit", { exact: true }).waitFor();
  expect(server.tus.uploads.size).toBe(2);
});

test("an infected file says what it contains, above the others", async () => {
  await open();
  await choose([pdf("fine.pdf"), pdf("eicar.pdf")]);
  await row("eicar.pdf").getByText("Blocked: contains Eicar-Test-Signature").waitFor();
  await row("fine.pdf").getByText("Ready").waitFor();
  expect(await rows().first().textContent()).toContain("eicar.pdf");
});

/** What is said to screen readers from now on. */
async function listen(): Promise<() => Promise<string>> {
  await page.evaluate(() => {
    const said: string[] = [];
    Object.assign(globalThis, { said });
    const region = document.querySelector('[role="status"]');
    if (region === null) throw new Error("Nothing is said here.");
    new MutationObserver(() => said.push(region.textContent)).observe(region, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  return () => page.evaluate(() => (globalThis as unknown as { said: string[] }).said.join(" "));
}

test("many are told as they have ended, in words and to who hears it; all of them are cleared together", async () => {
  await open();
  const said = await listen();
  await choose([...["a.pdf", "b.pdf", "c.pdf", "d.pdf"].map((name) => pdf(name)), pdf("eicar.pdf")]);
  await page.getByText("4 ready · 1 blocked").waitFor();
  await expect.poll(said).toContain("4 ready · 1 blocked");
  expect(await said()).toContain("eicar.pdf: Blocked: contains Eicar-Test-Signature");
  expect(await said()).not.toContain("a.pdf");
  await page.getByRole("button", { name: "Clear finished" }).click();
  await expect.poll(() => rows().count()).toBe(0);
});

test("nothing is sent while it is asked whether to cancel; what has arrived stays, and is told", async () => {
  await open();
  await choose([pdf("there.pdf")]);
  await row("there.pdf").getByText("Ready").waitFor();
  await stallAt(MIB);
  await choose([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes("file2")).toBe(MIB);
  await page.getByRole("button", { name: "Cancel all" }).click();
  const dialog = page.getByRole("dialog", { name: "Cancel this upload?" });
  await dialog.getByText("1 file has arrived and stays.").waitFor();
  await row("offer.pdf").getByText("Paused").waitFor();
  await dialog.getByRole("button", { name: "Keep uploading" }).click();
  await row("offer.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(2);
});

test("by keyboard alone: paused, resumed, and given up only when asked again", async () => {
  await stallAt(MIB);
  await open();
  await choose([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes()).toBe(MIB);
  const main = row("offer.pdf").getByRole("button").first();
  await main.focus();
  await page.keyboard.press("Enter");
  await row("offer.pdf").getByText("Paused").waitFor();
  expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toBe("Resume: offer.pdf");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Cancel this upload?" }).waitFor();
  await page.keyboard.press("Escape");
  expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toBe("Cancel: offer.pdf");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Cancel upload" }).focus();
  await page.keyboard.press("Enter");
  await row("offer.pdf").waitFor({ state: "detached" });
  await expect.poll(() => server.tus.uploads.size).toBe(0);
});

test("waits without a connection, asks before the page is left, and goes on by itself", async () => {
  await stallAt(MIB);
  await open();
  await choose([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes()).toBe(MIB);
  const isAsked = () => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
  expect(await isAsked()).toBe(true);
  await context.setOffline(true);
  await row("offer.pdf").getByText("Waiting for your connection").waitFor();
  await page.getByRole("status").filter({ hasText: "offer.pdf: Waiting for your connection" }).waitFor();
  await context.setOffline(false);
  await row("offer.pdf").getByText("Ready").waitFor();
  expect(await isAsked()).toBe(false);
  expect(server.tus.uploads.size).toBe(1);
});

async function folderOf(files: readonly string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-folder-"));
  await mkdir(join(directory, "Contract/Annexes"), { recursive: true });
  for (const file of files) await writeFile(join(directory, file), file);
  return directory;
}

test("a dropped folder keeps its structure, and what systems leave in it stays out", async () => {
  const directory = await folderOf(["Contract/main.txt", "Contract/.DS_Store", "Contract/Annexes/a.txt"]);
  await open();
  const devtools = await context.newCDPSession(page);
  const data = { items: [], files: [join(directory, "Contract")], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver"] as const) {
    await devtools.send("Input.dispatchDragEvent", { type, x: 5, y: 5, data });
  }
  await page.getByText("Drop anywhere to add the files").waitFor();
  await devtools.send("Input.dispatchDragEvent", { type: "drop", x: 5, y: 5, data });
  await row("Contract/Annexes/a.txt").getByText("Ready").waitFor();
  await row("Contract/main.txt").getByText("Ready").waitFor();
  const sent = [...server.tus.uploads.values()].map(({ metadata }) => metadata);
  expect(sent.join()).toContain(`relativePath ${btoa("Contract/Annexes/a.txt")}`);
  expect(sent).toHaveLength(2);
  await rm(directory, { recursive: true });
});

test("takes what is pasted, but not where somebody types", async () => {
  await open();
  const paste = (target: string) =>
    page.evaluate((selector) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File(["x"], "pasted.txt", { type: "text/plain" }));
      const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
      document.querySelector(selector)?.dispatchEvent(event);
    }, target);
  await paste("h1 + *");
  await row("pasted.txt").getByText("Ready").waitFor();
  await page.evaluate(() => document.querySelector("h1")?.after(document.createElement("textarea")));
  await paste("textarea");
  await paste("h1");
  await expect.poll(() => rows().count()).toBe(2);
});

test("continues after a reload with the same file, whatever it is called now", async () => {
  // As in browsers that keep no handles.
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "showOpenFilePicker"));
  const directory = await folderOf([]);
  // On disk, because the file has to be the same with its time.
  const path = join(directory, "offer.pdf");
  await writeFile(path, Buffer.alloc(2 * MIB, "x"));
  await stallAt(MIB);
  await open();
  await choose(path);
  await expect.poll(() => storedBytes()).toBe(MIB);
  await page.reload();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Continue 1 upload" }).click();
  const renamed = join(directory, "renamed.pdf");
  await rename(path, renamed);
  await (await chooser).setFiles(renamed);
  await row("renamed.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(1);
  expect(await page.getByText("from an earlier visit").count()).toBe(0);
  await rm(directory, { recursive: true });
});

test("what continues no upload is added only when its user says so; one file alone replaces another", async () => {
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "showOpenFilePicker"));
  await stallAt(MIB);
  await open();
  await choose([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes()).toBe(MIB);
  await page.reload();
  const chooseToContinue = async () => {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Continue 1 upload" }).click();
    await (await chooser).setFiles([pdf("notes.pdf")]);
    return page.getByRole("dialog", { name: "This is not offer.pdf" });
  };
  const dialog = await chooseToContinue();
  await dialog.getByText("notes.pdf continues no unfinished upload.").waitFor();
  await dialog.getByRole("button", { name: "Don’t add" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await rows().count()).toBe(0);
  await chooseToContinue();
  await dialog.getByRole("button", { name: "Add anyway" }).click();
  await row("notes.pdf").getByText("Ready").waitFor();
  await page.getByText("1 upload from an earlier visit").waitFor();

  server.files.push(storedFile("there", "Offer.docx"));
  await open("replaces=there");
  expect(await page.locator('input[data-cw="files"]').getAttribute("multiple")).toBe(null);
  await page.getByRole("button", { name: "Choose a file" }).waitFor();
  await choose([pdf("offer.pdf")]);
  const other = page.getByRole("dialog", { name: "A different kind of file" });
  await other.getByText("offer.pdf would become the new version of Offer.docx").waitFor();
  await other.getByRole("button", { name: "Don’t upload" }).click();
  expect(await rows().count()).toBe(0);
});

test("what there was no room for is tried again, where it was and where the server said so", async () => {
  server.rules = { ...server.rules, availableBytes: MIB };
  const problem = { code: "QUOTA_EXCEEDED", title: "There is no room left" };
  server.tus.next("POST", { status: 413, problem });
  await open();
  await page.waitForLoadState("networkidle");
  await choose([pdf("large.pdf", 2 * MIB), pdf("fine.pdf")]);
  await row("fine.pdf").getByText("Not accepted: there is no room left for it.").waitFor();
  await row("fine.pdf").getByRole("button", { name: "Try again: fine.pdf" }).click();
  await row("fine.pdf").getByText("Ready").waitFor();
  const refusals = page.getByRole("region", { name: "1 file not added" });
  await refusals.getByRole("button", { name: "Try again" }).click();
  await row("large.pdf").getByText("Ready").waitFor();
  expect(await refusals.count()).toBe(0);
});

test("continues after a reload with one click where the browser finds the file again", async () => {
  // A file of the page's own: nobody can click in the browser's chooser here.
  await page.addInitScript((sizeBytes) => {
    const open = async () =>
      (await navigator.storage.getDirectory()).getFileHandle("offer.pdf", { create: true });
    const showOpenFilePicker = async () => {
      const handle = await open();
      const stream = await handle.createWritable();
      await stream.write(new Uint8Array(sizeBytes));
      await stream.close();
      return [handle];
    };
    Object.assign(globalThis, { showOpenFilePicker });
  }, 2 * MIB);
  await stallAt(MIB);
  await open();
  await page.getByRole("button", { name: "Choose files" }).click();
  await expect.poll(() => storedBytes()).toBe(MIB);
  await page.reload();
  await page.getByText("They go on where they stopped.").waitFor();
  await page.getByRole("button", { name: "Continue 1 upload" }).click();
  await row("offer.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(1);
  expect(storedBytes()).toBe(2 * MIB);
});

test("a long name is one text for search and screen readers, and shows its end", async () => {
  const name = `${"Donaudampfschifffahrtselektrizitätenhauptbetriebswerk".repeat(2)}_v12.pdf`;
  await open();
  await choose([pdf(name)]);
  await row(name).getByText(name, { exact: true }).waitFor();
  await expect.poll(() => page.locator(".cw-name").getAttribute("data-cut")).toBe("");
  const end = await page.locator(".cw-name").evaluate((e) => getComputedStyle(e, "::after").content);
  expect(end).toContain("rk_v12.pdf");
});

test("an error in a component leaves transfers running, and the panel comes back with them", async () => {
  await stallAt(MIB);
  await open();
  await choose([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes()).toBe(MIB);
  await page.evaluate(() => dispatchEvent(new Event("fail")));
  await page.getByRole("alert").getByText("1 upload goes on meanwhile.").waitFor();
  await context.setOffline(true);
  await context.setOffline(false);
  await page.getByRole("alert").getByText("Nothing that was uploaded is lost.").waitFor();
  expect(storedBytes()).toBe(2 * MIB);
  await page.getByRole("button", { name: "Show it again" }).click();
  await row("offer.pdf").getByText("Ready").waitFor();
  const told = () => page.evaluate(() => (globalThis as { told?: string[] }).told);
  await expect.poll(told).toEqual(["uploaded offer.pdf", "settled offer.pdf"]);
  await page.evaluate(() => dispatchEvent(new Event("fail")));
  await page.getByRole("button", { name: "Show it again" }).click();
  await row("offer.pdf").getByText("Ready").waitFor();
  expect(await told()).toHaveLength(2);
});

test("the storage in words, by what uses it; narrow room is said", async () => {
  server.quota = {
    ...server.quota,
    usedBytes: 9.8 * MIB * 1024,
    availableBytes: 200 * MIB,
    level: "critical",
  };
  const live = await withLive(page);
  await open();
  const quota = page.getByRole("region", { name: "Storage" });
  await quota.getByText("9.8 GB of 10 GB used").waitFor();
  await quota.getByText("Storage is nearly full.").waitFor();
  expect(await quota.getByRole("meter").getAttribute("aria-valuetext")).toMatch(/^9.8\sGB of 10\sGB used$/);
  expect(await quota.getByRole("link", { name: "Make room" }).getAttribute("href")).toBe("#trash");
  server.quota = { ...server.quota, usedBytes: MIB * 1024, level: "ok" };
  await live.tell({ type: "quota.changed", data: {} });
  await quota.getByText("1 GB of 10 GB used").waitFor();
});

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

test.each([
  ["language=en", "light"],
  ["language=de", "dark"],
  ["language=en&dir=rtl&theme=dark", "light"],
] as const)("axe finds nothing: %s on a %s system", async (query, colorScheme) => {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await open(query);
  await stallAt(MIB);
  const script = { name: "run.exe", mimeType: "application/octet-stream", buffer: Buffer.from("MZ") };
  await choose([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes()).toBe(MIB);
  await choose([script, pdf("eicar.pdf"), pdf("fine.pdf")]);
  await page.locator('[data-tone="danger"] >> text=Eicar').waitFor();
  await page.addScriptTag({ path: AXE });
  const findings = () =>
    page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } };
      const { violations } = await axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    });
  expect(await findings()).toEqual([]);
  await row("offer.pdf").getByRole("button").last().click();
  await page.getByRole("dialog").waitFor();
  expect(await findings()).toEqual([]);
});

test("how long many small files take is told by how fast they go, though none of them has a speed", () => {
  const timeLeft = new TimeLeft();
  const work = (uploaded: number) => ({
    ...{ files: 1_000, uploaded, running: 1_000 - uploaded },
    ...{ sentBytes: uploaded * 100, totalBytes: 100_000 },
  });
  expect(timeLeft.note(work(0), 0)).toBe(undefined);
  expect(timeLeft.note(work(10), 1_000)).toBe(undefined);
  expect(timeLeft.note(work(40), 4_000)).toBeCloseTo(96);
  // It has become slower.
  for (let second = 5; second <= 60; second += 1) timeLeft.note(work(40 + second), second * 1_000);
  expect(timeLeft.note(work(100), 60_000)).toBeCloseTo(900, -1.5);
  expect(timeLeft.note({ ...work(100), running: 0 }, 61_000)).toBe(undefined);
});

test("ten thousand files: a few rows are drawn, the first at once, and all are there", async () => {
  server.tus.speed = 1;
  await open();
  await page.waitForLoadState("networkidle");
  const measured = await page.evaluate(async () => {
    const longTasksMs: number[] = [];
    new PerformanceObserver((list) => {
      longTasksMs.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ type: "longtask", buffered: false });
    const chosen = new DataTransfer();
    for (let index = 0; index < 10_000; index += 1) {
      chosen.items.add(new File([`file ${index}`], `file-${index}.txt`, { type: "text/plain" }));
    }
    const input = document.querySelector<HTMLInputElement>('input[data-cw="files"]');
    if (input === null) throw new Error("There is no input.");
    input.files = chosen.files;
    await new Promise((resolve) => setTimeout(resolve));
    longTasksMs.length = 0;
    const startedMs = performance.now();
    const isThere = (selector: string, text: string) =>
      new Promise<number>((resolve) => {
        const look = () => {
          if (document.querySelector(selector)?.textContent.includes(text))
            resolve(performance.now() - startedMs);
          else requestAnimationFrame(look);
        };
        look();
      });
    input.dispatchEvent(new Event("change", { bubbles: true }));
    const firstRowMs = await isThere(".cw-upload-list li", "file-");
    const allMs = await isThere(".cw-totals-words", "10,000 files");
    return { firstRowMs, allMs, longTasksMs, rows: document.querySelectorAll(".cw-upload-list li").length };
  });
  process.stdout.write(`10,000 files: ${JSON.stringify(measured)}\n`);
  expect(measured.rows).toBeLessThan(40);
  const list = page.locator(".cw-upload-list");
  await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await row("file-9999.txt").waitFor();
  expect(await rows().last().getAttribute("aria-setsize")).toBe("10000");
});
