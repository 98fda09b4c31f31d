import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { launchChromium } from "../support/browser.ts";
import { buildDemo } from "./support/built-demo.ts";
import { type DemoServer, fakeFile, startDemoServer } from "./support/demo-server.ts";

let builtDir: string;
let browser: Browser;
let server: DemoServer;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  builtDir = await buildDemo();
  browser = await launchChromium();
}, 60_000);

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

function pdf(name: string, sizeBytes: number) {
  return { name, mimeType: "application/pdf", buffer: Buffer.alloc(sizeBytes, name) };
}

const row = (name: string) => page.locator("li.row", { has: page.locator(`[title="${name}"]`) });
const input = () => page.locator("#file-input");
const MIB = 1024 * 1024;

test("a chosen file is uploaded, checked and ready; it downloads and is deleted", async () => {
  await page.goto(server.origin);
  await page.getByText("Nothing is attached to this contact yet.").waitFor();
  await input().setInputFiles([pdf("offer.pdf", 3 * MIB)]);
  await row("offer.pdf").getByText("Checking for viruses").waitFor();
  await row("offer.pdf").getByText("Ready").waitFor();
  const download = page.waitForEvent("download");
  await row("offer.pdf").getByRole("button", { name: "Download offer.pdf" }).click();
  expect((await download).suggestedFilename()).toBe("offer.pdf");
  await row("offer.pdf").getByRole("button", { name: "Delete offer.pdf" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("Nothing is attached to this contact yet.").waitFor();
  expect(server.files.size).toBe(0);
});

test("an infected file says what it contains and can't be downloaded", async () => {
  await page.goto(server.origin);
  await input().setInputFiles([pdf("eicar.pdf", 10)]);
  await row("eicar.pdf").getByText("Blocked: contains Eicar-Test-Signature").waitFor();
  expect(await row("eicar.pdf").getByRole("button", { name: "Download" }).count()).toBe(0);
});

test("what breaks a rule is listed with it and not begun; the rest goes on", async () => {
  await page.goto(server.origin);
  const script = { name: "run.exe", mimeType: "application/octet-stream", buffer: Buffer.from("MZ") };
  await input().setInputFiles([script, pdf("fine.pdf", 10)]);
  await page.getByText('Files ending in ".exe" are not accepted.').first().waitFor();
  await row("fine.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(1);
});

test("pauses and resumes by keyboard, and shows an image's thumbnail", async () => {
  server.tus.next("PATCH", { stallAfterBytes: MIB });
  await page.goto(server.origin);
  await input().setInputFiles([{ ...pdf("photo.png", 2 * MIB), mimeType: "image/png" }]);
  // Else it is what follows the pause that stalls.
  await expect.poll(() => server.tus.uploads.get("file1")?.bytes.length).toBe(MIB);
  await row("photo.png").getByRole("button", { name: "Pause" }).focus();
  await page.keyboard.press("Enter");
  await row("photo.png").getByText("Paused").waitFor();
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe(
    "Resume photo.png",
  );
  await page.keyboard.press("Enter");
  await row("photo.png").getByText("Ready").waitFor();
  await row("photo.png").locator("img").waitFor();
});

test("waits while there is no connection, and goes on by itself", async () => {
  server.tus.next("PATCH", { stallAfterBytes: MIB });
  await page.goto(server.origin);
  await input().setInputFiles([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => server.tus.uploads.get("file1")?.bytes.length).toBe(MIB);
  await context.setOffline(true);
  await row("offer.pdf").getByText("Waiting for your connection").waitFor();
  await page.locator("#announcer", { hasText: "offer.pdf: Waiting for your connection" }).waitFor();
  await context.setOffline(false);
  await row("offer.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(1);
});

test("offers to continue after a reload, and does with the same file", async () => {
  server.tus.next("PATCH", { stallAfterBytes: MIB });
  // On disk, because the fingerprint has the file's modification time in it.
  const directory = await mkdtemp(join(tmpdir(), "causeway-file-"));
  const path = join(directory, "offer.pdf");
  await writeFile(path, Buffer.alloc(2 * MIB, "x"));
  await page.goto(server.origin);
  await input().setInputFiles(path);
  await expect.poll(() => server.tus.uploads.get("file1")?.bytes.length).toBe(MIB);
  await page.reload();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Continue 1 upload" }).click();
  await (await chooser).setFiles(path);
  await row("offer.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(1);
  expect(server.tus.seen.filter((request) => request.method === "PATCH").at(-1)?.offset).toBe(String(MIB));
  expect(await page.getByText("from an earlier visit").count()).toBe(0);
  await rm(directory, { recursive: true });
});

test("asks for a token where the server gives none, and uses it", async () => {
  server.givesTokens = false;
  server.files.set("f1", fakeFile("f1", "contract.pdf"));
  await page.goto(server.origin);
  await page.getByRole("textbox", { name: "Token" }).fill("pasted");
  const listed = page.waitForRequest((request) => request.url().includes("/v1/files?"));
  await page.getByRole("button", { name: "Use this token" }).click();
  expect((await listed).headers()["authorization"]).toBe("Bearer pasted");
  await row("contract.pdf").getByText("Ready").waitFor();
});

test("another user sees the other contact", async () => {
  await page.goto(server.origin);
  await page.getByLabel("Signed in as").selectOption("globex/gil");
  await page.getByRole("heading", { name: "Tomás Iglesias" }).waitFor();
});
