import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { sharedStack } from "../support/api.ts";
import { launchChromium } from "../support/browser.ts";
import { DOCX, PPTX, XLSX } from "../support/documents.ts";
import { eicar } from "../support/eicar.ts";
import { heic } from "../support/heic.ts";
import { photoWithGps } from "../support/images.ts";
import { H264, makeMedia, PICTURE, TONE } from "../support/media.ts";
import { convertFlat, flatSheet, flatSlides, flatText } from "../support/office.ts";
import { makePdf } from "../support/pdfs.ts";
import { makeVideo } from "../support/video.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** The demo at one of its pages, as Ann sees it; whatever is done there, its policy refuses nothing of its own. */
async function openPage(place = "/files"): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  // What checks and draws files has those of other tests too.
  page.setDefaultTimeout(100_000);
  const refused: string[] = [];
  page.on("console", (message) => {
    if (/Content.Security.Policy/i.test(message.text())) refused.push(message.text());
  });
  onTestFinished(() => expect(refused).toEqual([]));
  await page.goto(`${sharedStack().url}/#${place}`);
  return page;
}

interface ChosenFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

function choose(page: Page, ...files: readonly (ChosenFile | string)[]): Promise<void> {
  const input = page.locator('input[data-cw="files"]');
  return input.setInputFiles(files as ChosenFile[]);
}

/** A file's row in the list, not that of its upload. */
function row(page: Page, name: string): Locator {
  return page.locator("[data-file-id]", { has: page.getByTitle(name, { exact: true }) });
}

/** From the list to the file's own page, by way of its preview. */
async function openOwnPage(page: Page, name: string): Promise<void> {
  await row(page, name).getByRole("button", { name, exact: true }).click();
  await page.getByRole("link", { name: "Open its own page" }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

async function actionsOf(page: Page, name: string): Promise<readonly string[]> {
  return page
    .getByRole("region", { name: `Actions on ${name}` })
    .getByRole("button")
    .allTextContents();
}

test("a photo chosen on the page is uploaded, checked, shown and downloaded as it was", async () => {
  const page = await openPage();
  const photo = await photoWithGps(800, 600);
  const name = "IMG_0815.jpg";
  await choose(page, { name, mimeType: "image/jpeg", buffer: photo });
  await row(page, name).getByText("Ready").waitFor();
  await row(page, name).locator("img.cw-file-thumbnail").waitFor();
  await openOwnPage(page, name);
  await page.locator(`.cw-preview-image[data-shown][alt="${name}"]`).waitFor();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download", exact: true }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(name);
  expect((await readFile(await download.path())).equals(photo)).toBe(true);
});

test("on its own page a file is renamed, gets a new version, is deleted and had back", async () => {
  const page = await openPage();
  const text = (name: string, words: string) => ({
    name,
    mimeType: "text/plain",
    buffer: Buffer.from(words),
  });
  await choose(page, text("draft.txt", "first words"));
  await row(page, "draft.txt").getByText("Ready").waitFor();
  await openOwnPage(page, "draft.txt");
  await page.getByText("first words").waitFor();

  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("contract.txt");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "contract.txt" }).waitFor();

  await choose(page, text("contract.txt", "second words"));
  await page.getByText("second words").waitFor();
  const old = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download: Version 1" }).click();
  expect(await readFile(await (await old).path(), "utf8")).toBe("first words");
  await page.getByRole("button", { name: "Make current: Version 1" }).click();
  await page.getByText("first words").waitFor();

  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("This file is in the trash.").first().waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("first words").waitFor();
});

test("a colleague sees what is attached to the contact and may read it, but not change it", async () => {
  const page = await openPage("/contacts/c-1001");
  const name = "offer-for-all.txt";
  await choose(page, { name, mimeType: "text/plain", buffer: Buffer.from("an offer") });
  await row(page, name).getByText("Ready").waitFor();
  await page.getByLabel("Signed in as").selectOption({ label: "Bob Okafor, Acme" });
  await openOwnPage(page, name);
  await page.getByText(/, uploaded by Ann Lindqvist, /).waitFor();
  const attachedTo = page.locator(".file-side").getByRole("link", { name: "Hildegard Brandt-Oberhauser" });
  await attachedTo.waitFor();
  await page.getByText("an offer", { exact: true }).waitFor();
  expect(await actionsOf(page, name)).toEqual(["Download"]);
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download", exact: true }).click();
  expect(await readFile(await (await downloading).path(), "utf8")).toBe("an offer");
});

test("malware is named on the page and can't be downloaded", async () => {
  const page = await openPage();
  const name = "invoice.txt";
  await choose(page, { name, mimeType: "text/plain", buffer: eicar() });
  await row(page, name).getByText("Blocked: contains").waitFor();
  await openOwnPage(page, name);
  await page.getByText("Nobody can open or download it.").waitFor();
  expect(await actionsOf(page, name)).toEqual(["Rename", "Tags", "Attach to…", "Delete"]);
});

test("whoever has no right to a file, and who asks for none, is told the same", async () => {
  const page = await openPage("/files/00000000000000000000000000");
  await page.getByRole("heading", { name: "There is no such file" }).waitFor();
});

test("an upload goes on after a reload, without sending again what had arrived", async () => {
  const page = await openPage();
  const name = "walkthrough.mp4";
  // A file on disk: one made in memory would have another date, and so be another file, each time.
  const directory = await mkdtemp(join(tmpdir(), "causeway-page-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, name);
  await writeFile(path, makeVideo(40_000_000));
  // The third PATCH and all after it find no network until the page was loaded anew.
  const sentFrom: string[] = [];
  await page.route("**/v1/uploads/*", (route) => {
    if (route.request().method() === "PATCH") sentFrom.push(route.request().headers()["upload-offset"] ?? "");
    return sentFrom.length > 2 ? route.abort("internetdisconnected") : route.continue();
  });
  await choose(page, path);
  await expect.poll(() => sentFrom.length, { timeout: 100_000 }).toBeGreaterThan(2);
  const resumedAt: string[] = [];
  await page.reload();
  await page.unroute("**/v1/uploads/*");
  page.on("request", (request) => {
    if (request.method() === "PATCH") resumedAt.push(request.headers()["upload-offset"] ?? "");
  });
  await page.getByText("1 upload from an earlier visit").waitFor();
  await choose(page, path);
  await row(page, name).getByText("Ready").waitFor();
  expect(Number(sentFrom[2])).toBeGreaterThan(8 * 1024 * 1024);
  expect(resumedAt[0]).toBe(sentFrom[2]);
}, 240_000);

test("the page runs nothing but its own, and nobody puts it into theirs", async () => {
  const { url } = sharedStack();
  const answer = await fetch(url);
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(answer.headers.get("x-frame-options")).toBe("DENY");
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
});

/** What a file's own page shows of a kind of file, once it is drawn, loaded or played. */
interface Kind extends ChosenFile {
  isShown(page: Page): Promise<unknown>;
}

const image: Kind["isShown"] = (page) => page.locator(".cw-preview-image[data-shown]").waitFor();
const firstPage: Kind["isShown"] = (page) => page.getByRole("img", { name: /^Page 1/ }).waitFor();
const played =
  (player: "audio" | "video"): Kind["isShown"] =>
  async (page) =>
    expect
      .poll(() => page.locator(player).evaluate((media: HTMLMediaElement) => Math.round(media.duration)))
      .toBe(1);

async function office(source: string, extension: "docx" | "xlsx" | "pptx"): Promise<Buffer> {
  const [[, bytes] = []] = await convertFlat(source, [extension]);
  return bytes ?? Buffer.of();
}

async function everyKind(): Promise<readonly Kind[]> {
  const photo = await photoWithGps(320, 240);
  const [plan, film, sound, docx, xlsx, pptx] = await Promise.all([
    heic(photo),
    makeMedia("mp4", [...PICTURE, ...TONE, ...H264]),
    makeMedia("mp3", TONE),
    office(flatText(1), "docx"),
    office(flatSheet(5), "xlsx"),
    office(flatSlides(1), "pptx"),
  ]);
  return [
    { name: "kind.jpg", mimeType: "image/jpeg", buffer: photo, isShown: image },
    { name: "kind.heic", mimeType: "image/heic", buffer: plan, isShown: image },
    { name: "kind.pdf", mimeType: "application/pdf", buffer: makePdf({ pages: 1 }), isShown: firstPage },
    { name: "kind.docx", mimeType: DOCX, buffer: docx, isShown: firstPage },
    { name: "kind.xlsx", mimeType: XLSX, buffer: xlsx, isShown: firstPage },
    { name: "kind.pptx", mimeType: PPTX, buffer: pptx, isShown: firstPage },
    { name: "kind.mp4", mimeType: "video/mp4", buffer: film, isShown: played("video") },
    { name: "kind.mp3", mimeType: "audio/mpeg", buffer: sound, isShown: played("audio") },
    {
      ...{ name: "kind.csv", mimeType: "text/csv", buffer: Buffer.from("name,city\nAda,London\n") },
      isShown: (page) => page.getByRole("cell", { name: "London" }).waitFor(),
    },
  ];
}

test("a photo, HEIC, PDF, Office documents, a film, a sound and a table are seen in the list and on their pages", async () => {
  const kinds = await everyKind();
  const page = await openPage();
  await choose(page, ...kinds.map(({ name, mimeType, buffer }) => ({ name, mimeType, buffer })));
  const ids: (string | null)[] = [];
  for (const { name } of kinds) {
    await row(page, name).locator("img.cw-file-thumbnail").waitFor({ timeout: 120_000 });
    ids.push(await row(page, name).getAttribute("data-file-id"));
  }
  for (const [index, { name, isShown }] of kinds.entries()) {
    await page.goto(`${sharedStack().url}/#/files/${ids[index]}`);
    await page.getByRole("heading", { level: 1, name }).waitFor();
    await isShown(page);
  }
}, 240_000);
