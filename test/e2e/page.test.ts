import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { sharedStack } from "../support/api.ts";
import { launchChromium } from "../support/browser.ts";
import { eicar } from "../support/eicar.ts";
import { photoWithGps } from "../support/images.ts";
import { makeVideo } from "../support/video.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

async function openPage(): Promise<Page> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(sharedStack().url);
  return page;
}

function row(page: Page, name: string): Locator {
  return page.locator("li.row", { has: page.locator(`[title="${name}"]`) });
}

function choose(page: Page, name: string, mimeType: string, buffer: Buffer): Promise<void> {
  return page.locator("#file-input").setInputFiles([{ name, mimeType, buffer }]);
}

test("a photo chosen on the page is uploaded, checked, shown and downloaded as it was", async () => {
  const page = await openPage();
  const photo = await photoWithGps(800, 600);
  const name = "IMG_0815.jpg";
  await choose(page, name, "image/jpeg", photo);
  await row(page, name).getByText("Ready").waitFor();
  await row(page, name).locator("img").waitFor();
  const downloading = page.waitForEvent("download");
  await row(page, name)
    .getByRole("button", { name: `Download ${name}` })
    .click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(name);
  expect((await readFile(await download.path())).equals(photo)).toBe(true);
});

test("a colleague sees what is attached to the contact and may read it, but not delete it", async () => {
  const page = await openPage();
  const name = "offer-for-all.txt";
  await choose(page, name, "text/plain", Buffer.from("an offer"));
  await row(page, name).getByText("Ready").waitFor();
  await page.locator("#identity").selectOption({ label: "Bob, Acme" });
  // Until the list is Bob's: Ann's, on the same page before, has more to press.
  const labels = () =>
    row(page, name)
      .getByRole("button")
      .evaluateAll((all) => all.map((each) => each.getAttribute("aria-label")));
  const decisive = async () => (await labels()).filter((label) => !label?.startsWith("Show"));
  await expect.poll(decisive).toEqual([`Download ${name}`]);
  await row(page, name).getByText("by ann").waitFor();
  const downloading = page.waitForEvent("download");
  await row(page, name)
    .getByRole("button", { name: `Download ${name}` })
    .click();
  expect(await readFile(await (await downloading).path(), "utf8")).toBe("an offer");
});

test("malware is named on the page and can't be downloaded", async () => {
  const page = await openPage();
  await choose(page, "invoice.txt", "text/plain", eicar());
  await row(page, "invoice.txt").getByText("Blocked: contains").waitFor();
  expect(
    await row(page, "invoice.txt")
      .getByRole("button", { name: /Download/ })
      .count(),
  ).toBe(0);
});

test("an upload goes on after a reload, without sending again what had arrived", async () => {
  const page = await openPage();
  const name = "walkthrough.mp4";
  // A file on disk: one made in memory would have another date, and so be another file, each time.
  const directory = await mkdtemp(join(tmpdir(), "causeway-page-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, name), makeVideo(40_000_000));
  const chooseVideo = () => page.locator("#file-input").setInputFiles(join(directory, name));
  // The third PATCH and all after it find no network until the page was loaded anew.
  const sentFrom: string[] = [];
  await page.route("**/v1/uploads/*", (route) => {
    if (route.request().method() === "PATCH") sentFrom.push(route.request().headers()["upload-offset"] ?? "");
    return sentFrom.length > 2 ? route.abort("internetdisconnected") : route.continue();
  });
  await chooseVideo();
  await expect.poll(() => sentFrom.length, { timeout: 30_000 }).toBeGreaterThan(2);
  const resumedAt: string[] = [];
  await page.reload();
  await page.unroute("**/v1/uploads/*");
  page.on("request", (request) => {
    if (request.method() === "PATCH") resumedAt.push(request.headers()["upload-offset"] ?? "");
  });
  await chooseVideo();
  await row(page, name).getByText("Ready").waitFor();
  expect(Number(sentFrom[2])).toBeGreaterThan(8 * 1024 * 1024);
  expect(resumedAt[0]).toBe(sentFrom[2]);
});

test("the page runs nothing but its own, and nobody puts it into theirs", async () => {
  const { url } = sharedStack();
  const page = await fetch(url);
  const policy = page.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(page.headers.get("x-frame-options")).toBe("DENY");
  expect(page.headers.get("x-content-type-options")).toBe("nosniff");
  expect(page.headers.get("referrer-policy")).toBe("no-referrer");

  const seen = await openPage();
  const refused: string[] = [];
  seen.on("console", (message) => {
    if (/Content.Security.Policy/i.test(message.text())) refused.push(message.text());
  });
  await seen.reload();
  await choose(seen, "notes.txt", "text/plain", Buffer.from("hello"));
  await row(seen, "notes.txt").getByText("Ready").waitFor();
  expect(refused).toEqual([]);
});
