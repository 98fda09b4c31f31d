import { rm } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { de } from "../../client/react/texts/de.ts";
import { en } from "../../client/react/texts/en.ts";
import { filesDe } from "../../client/react/texts/files-de.ts";
import { filesEn } from "../../client/react/texts/files-en.ts";
import { launchChromium } from "../support/browser.ts";
import { axeFindings } from "./react/files/axe.ts";
import { buildDemo } from "./support/built-demo.ts";
import { type DemoServer, startDemoServer } from "./support/demo-server.ts";
import { show, STATES } from "./support/demo-states.ts";
import { unnamedOn } from "./support/names.ts";

let builtDir: string;
let browser: Browser;
let server: DemoServer;

beforeAll(async () => {
  builtDir = await buildDemo();
  [browser, server] = await Promise.all([launchChromium(), startDemoServer(builtDir)]);
}, 60_000);

afterAll(async () => {
  await browser.close();
  await server.close();
  await rm(builtDir, { recursive: true });
});

const TEXTS = { en: { ...en, ...filesEn }, de: { ...de, ...filesDe } };

/** Each kind of page, and what is open over one. */
const LOOKED_AT = [
  ...["contacts", "contact-empty", "uploading", "upload-refused", "upload-blocked", "upload-earlier"],
  ...["files", "files-grid", "files-selected", "files-menu", "files-tags", "files-share", "files-deleted"],
  ...["files-empty", "files-failed", "trash", "preview-details", "file-pages", "file-blocked", "file-table"],
  ...["quarantine", "quarantine-release", "failed-jobs", "settings", "members-only", "sign-in", "not-found"],
];
/** In another language other texts have to have their room and their names; what they are made of is the same. */
const IN_GERMAN = [
  "uploading",
  "files",
  "files-share",
  "preview-details",
  "file-pages",
  "quarantine-release",
];

test.each([
  ["en", "light", LOOKED_AT],
  ["de", "dark", IN_GERMAN],
] as const)(
  "axe finds nothing on any page, and all has a name: %s, %s and the other theme",
  async (language, scheme, names) => {
    const context = await browser.newContext({
      ...{ colorScheme: scheme, reducedMotion: "reduce", viewport: { width: 1280, height: 900 } },
      locale: language === "de" ? "de-DE" : "en-GB",
    });
    const found: string[] = [];
    for (const state of STATES.filter(({ name }) => names.includes(name))) {
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      await show({ page, server, texts: TEXTS[language] }, state);
      const findings = [...(await axeFindings(page)), ...(await unnamedOn(page))];
      await page.emulateMedia({ colorScheme: scheme === "light" ? "dark" : "light" });
      findings.push(...(await axeFindings(page, "html", ["color-contrast"])));
      found.push(...findings.map((finding) => `${state.name}: ${finding}`));
      await page.close();
    }
    await context.close();
    expect(found).toEqual([]);
  },
);
