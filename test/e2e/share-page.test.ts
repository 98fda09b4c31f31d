import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  createUpload,
  fileIdOf,
  newCaller,
  uploadFile,
  waitForRecord,
  waitForVerdict,
} from "../support/api.ts";
import { axeFindings } from "../support/axe.ts";
import { launchChromium } from "../support/browser.ts";
import { eicar } from "../support/eicar.ts";
import { photoWithGps } from "../support/images.ts";
import { startOwnStack } from "../support/own-stack.ts";
import { runs } from "../support/runs.ts";
import { createLink, listLinks, taken } from "../support/sharing.ts";

const PASSWORD = "korrekt pferd";
const LONG_NAME =
  "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft_Rahmenvertrag über die " +
  "Instandhaltung der Fahrzeugflotte und sämtlicher Nebenanlagen, Anlage 12 (unterschrieben, endgültige Fassung) v12.txt";
const RTL_NAME = "تقرير المبيعات السنوي للربع الأخير 2026.txt";

let browser: Browser;
let ann: Caller;
beforeAll(async () => {
  [browser, ann] = await Promise.all([launchChromium(), newCaller()]);
});
afterAll(() => browser.close());

interface Look {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
}

const PHONE: Look = { width: 390, colorScheme: "light" };
const LOOKS: readonly Look[] = [
  PHONE,
  { width: 1440, colorScheme: "dark" },
  { width: 390, colorScheme: "dark" },
  { width: 1440, colorScheme: "light" },
];
/** Each width and each scheme. */
const SEEN_LOOKS = LOOKS.slice(0, runs(2, LOOKS.length));

async function setLook(page: Page, { width, colorScheme }: Look): Promise<void> {
  await page.setViewportSize({ width, height: 844 });
  await page.emulateMedia({ colorScheme });
}

/** A page that fails the test by what it complains of: what its own policy forbids, above all. */
async function openPage(url: string): Promise<Page> {
  const context = await browser.newContext();
  const complaints: string[] = [];
  onTestFinished(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
  const page = await context.newPage();
  await setLook(page, PHONE);
  page.on("console", (message) => {
    // A refusal is an answer that the page shows.
    if (!/status of 4\d\d/.test(message.text())) complaints.push(message.text());
  });
  await page.goto(url);
  return page;
}

/** How wide the page's picture is when it is there. */
function widthOf(image: Locator): Promise<number> {
  return image.evaluate(async (element: HTMLImageElement) => {
    await element.decode();
    return element.naturalWidth;
  });
}

async function fileOf(filename: string, bytes: Uint8Array = Buffer.from("hello")): Promise<string> {
  const fileId = await uploadFile(ann, bytes, { filename });
  await waitForVerdict(ann, fileId);
  return fileId;
}

async function photo(caller: Caller = ann): Promise<string> {
  const fileId = await uploadFile(caller, await photoWithGps(800, 600), { filename: "IMG_0815.jpg" });
  await waitForRecord(caller, fileId, ({ derivatives }) => derivatives.length > 0);
  return fileId;
}

/** Where `CAUSEWAY_SHOTS` names a folder, pictures of every state are left there for people to look at. */
async function shoot(page: Page, state: string, { width, colorScheme }: Look): Promise<void> {
  const folder = process.env["CAUSEWAY_SHOTS"];
  if (folder === undefined) return;
  await page.screenshot({ path: join(folder, `${state}-${width}-${colorScheme}.png`) });
}

async function tryPassword(page: Page, password: string): Promise<void> {
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Download" }).click();
}

interface State {
  readonly heading: string;
  /** The link's page in this state. */
  prepare(): Promise<string>;
  act?(page: Page): Promise<void>;
}

const STATES: Readonly<Record<string, State>> = {
  file: {
    heading: "Preisliste & Konditionen 'Müller'.csv",
    async prepare() {
      const fileId = await fileOf(
        "Preisliste & Konditionen 'Müller'.csv",
        Buffer.from("a;b\n".repeat(4_321)),
      );
      return (await createLink(ann, fileId, { maxDownloads: 3 })).url;
    },
  },
  photo: {
    heading: "IMG_0815.jpg",
    async prepare() {
      return (await createLink(ann, await photo())).url;
    },
  },
  long: {
    heading: LONG_NAME,
    async prepare() {
      return (await createLink(ann, await fileOf(LONG_NAME))).url;
    },
  },
  rtl: {
    heading: RTL_NAME,
    async prepare() {
      return (await createLink(ann, await fileOf(RTL_NAME))).url;
    },
  },
  password: {
    heading: "This file needs a password",
    async prepare() {
      return (await createLink(ann, await fileOf("a.txt"), { password: PASSWORD, maxDownloads: 1 })).url;
    },
  },
  wrong: {
    heading: "This file needs a password",
    async prepare() {
      return (await createLink(ann, await fileOf("a.txt"), { password: PASSWORD })).url;
    },
    async act(page) {
      await tryPassword(page, "falsch falsch");
      await page.getByRole("alert").getByText("This password is not right").waitFor();
    },
  },
  expired: {
    heading: "This link has expired",
    async prepare() {
      const { url, expiresAt } = await createLink(ann, await fileOf("a.txt"), { expiresInSeconds: 1 });
      await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(Date.parse(expiresAt ?? ""));
      return url;
    },
  },
  revoked: {
    heading: "This link was withdrawn",
    async prepare() {
      const fileId = await fileOf("a.txt");
      const { url, id } = await createLink(ann, fileId);
      await ann.fetch(`/v1/files/${fileId}/share-links/${id}`, { method: "DELETE" });
      return url;
    },
  },
  usedUp: {
    heading: "This link is used up",
    async prepare() {
      const { url } = await createLink(ann, await fileOf("a.txt"), { maxDownloads: 1 });
      await taken(url);
      return url;
    },
  },
  unknown: {
    heading: "There is nothing here",
    async prepare() {
      return `${(await createLink(ann, await fileOf("a.txt"))).url}x`;
    },
  },
  checking: {
    heading: "This file is still being checked",
    async prepare() {
      return (await createLink(ann, fileIdOf(await createUpload(ann, 10)))).url;
    },
  },
  blocked: {
    heading: "This file can't be downloaded",
    async prepare() {
      return (await createLink(ann, await fileOf("invoice.txt", eicar()))).url;
    },
  },
  removed: {
    heading: "This file was removed",
    async prepare() {
      const fileId = await fileOf("a.txt");
      const { url } = await createLink(ann, fileId);
      await ann.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
      return url;
    },
  },
};

test.each(Object.entries(STATES))("the page is for everybody: %s", async (name, state) => {
  const page = await openPage(await state.prepare());
  await state.act?.(page);
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(state.heading);
  for (const look of SEEN_LOOKS) {
    await setLook(page, look);
    await shoot(page, name, look);
    expect(await axeFindings(page), JSON.stringify(look)).toEqual([]);
    const spilled = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
    expect(spilled, JSON.stringify(look)).toBe(0);
    for (const control of await page.locator("button, input, a").all()) {
      expect((await control.boundingBox())?.height).toBeGreaterThanOrEqual(40);
    }
  }
});

test("a photo is shown, and downloaded as it was, by keyboard alone", async () => {
  const fileId = await photo();
  const page = await openPage((await createLink(ann, fileId)).url);
  const image = page.locator("img");
  expect(await widthOf(image)).toBe(150);
  await page.keyboard.press("Tab");
  const button = page.getByRole("button", { name: "Download" });
  expect(await button.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe("solid");
  const downloading = page.waitForEvent("download");
  await page.keyboard.press("Enter");
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("IMG_0815.jpg");
  expect((await readFile(await download.path())).equals(await photoWithGps(800, 600))).toBe(true);
  expect(await listLinks(ann, fileId)).toMatchObject([{ downloads: 1 }]);
});

test("a wrong password is told where it is typed, and the right one downloads, by keyboard alone", async () => {
  const fileId = await fileOf("Gehälter.txt");
  const page = await openPage((await createLink(ann, fileId, { password: PASSWORD })).url);
  await page.keyboard.press("Tab");
  await page.keyboard.type("falsch falsch");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  // The field is named, described by what is wrong, and has the focus.
  const field = page.getByLabel("Password");
  expect(await field.getAttribute("aria-invalid")).toBe("true");
  const described = (await field.getAttribute("aria-describedby")) ?? "";
  expect(await page.locator(`#${described}`).textContent()).toContain("This password is not right");
  expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
  expect(await field.inputValue()).toBe("");
  const downloading = page.waitForEvent("download");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  expect((await downloading).suggestedFilename()).toBe("Gehälter.txt");
  expect(await listLinks(ann, fileId)).toMatchObject([{ downloads: 1 }]);
});

test("too many guesses are told in words, and the field stays", async () => {
  const fileId = await fileOf("a.txt");
  const page = await openPage((await createLink(ann, fileId, { password: PASSWORD })).url);
  const limited = page.getByRole("alert").getByText("too many tries");
  // Ten in each minute of the clock; two minutes may meet in the middle of this.
  for (let guess = 0; guess < 21 && (await limited.count()) === 0; guess += 1) {
    // Who types before has the focus that the page is about to give.
    const loaded = page.waitForEvent("load");
    await tryPassword(page, `falsch ${guess}`);
    await loaded;
    await page.getByRole("alert").waitFor();
  }
  await limited.waitFor();
  await shoot(page, "limited", PHONE);
  expect(await axeFindings(page)).toEqual([]);
  expect(await page.getByLabel("Password").count()).toBe(1);
});

test("a file in check is there when the page is asked again", async () => {
  const location = await createUpload(ann, 5);
  const fileId = fileIdOf(location);
  const page = await openPage((await createLink(ann, fileId)).url);
  await page.getByRole("heading", { name: "still being checked" }).waitFor();
  const headers = {
    "tus-resumable": "1.0.0",
    "content-type": "application/offset+octet-stream",
    "upload-offset": "0",
  };
  await ann.fetch(location, { method: "PATCH", headers, body: "hello" });
  await waitForVerdict(ann, fileId);
  await page.getByRole("link", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "notes.txt" }).waitFor();
});

test("where the bytes have an origin of their own, the page shows and gives them from there", async () => {
  const stack = await startOwnStack((port) => ({ DELIVERY_ORIGIN: `http://localhost:${port}` }));
  onTestFinished(() => stack.stop());
  const caller = await newCaller({ stack });
  const fileId = await photo(caller);
  const page = await openPage((await createLink(caller, fileId, { maxDownloads: 1 })).url);
  const image = page.locator("img");
  expect(await image.getAttribute("src")).toMatch(/^http:\/\/localhost:/);
  expect(await widthOf(image)).toBe(150);
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  expect((await downloading).url()).toMatch(/^http:\/\/localhost:/);
});
