import { rm } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { de } from "../../client/react/texts/de.ts";
import { en } from "../../client/react/texts/en.ts";
import { filesDe } from "../../client/react/texts/files-de.ts";
import { filesEn } from "../../client/react/texts/files-en.ts";
import { axeFindings } from "../support/axe.ts";
import { launchChromium } from "../support/browser.ts";
import { rows } from "../support/runs.ts";
import { buildDemo } from "./support/built-demo.ts";
import { show } from "./support/demo-scene.ts";
import { type DemoServer, startDemoServer } from "./support/demo-server.ts";
import { STATES } from "./support/demo-states.ts";
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

/**
 * Each kind of page, and of one that was looked at whole what is new in a state. What opens over lists of files is looked
 * at with its components.
 */
const LOOKED_AT = rows<readonly [language: "en" | "de", state: string, part: string]>(
  [
    ["en", "uploading", "html"],
    ["en", "upload-blocked", ".cw-uploader"],
    ["en", "files", "html"],
    ["en", "file-pages", "html"],
    ["en", "quarantine", "html"],
    ["en", "settings", ".cw-menu"],
    ["de", "files", "html"],
  ],
  [
    ["en", "contacts", "html"],
    ["en", "upload-earlier", ".cw-uploader"],
    ["en", "files-selected", ".cw-bulk"],
    ["en", "files-deleted", ".cw-notices"],
    ["en", "trash", "main"],
    ["en", "file-blocked", "main"],
    ["en", "quarantine-release", ".cw-modal"],
    ["en", "failed-jobs", "main"],
    ["en", "sign-in", "main"],
    ["en", "not-found", "main"],
    ["de", "uploading", ".cw-uploader"],
    ["de", "file-pages", "html"],
    ["de", "quarantine", "main"],
  ],
);

test.each(LOOKED_AT)(
  "axe finds nothing, light or dark, and all has a name: %s, %s",
  async (language, name, part) => {
    const state = STATES.find((each) => each.name === name);
    if (state === undefined) throw new Error(`There is no state ${name}.`);
    const page = await browser.newPage({
      ...{ colorScheme: "light", reducedMotion: "reduce", viewport: { width: 1280, height: 900 } },
      locale: language === "de" ? "de-DE" : "en-GB",
    });
    onTestFinished(() => page.close());
    await show({ page, server, texts: TEXTS[language] }, state);
    expect([...(await axeFindings(page, part)), ...(await unnamedOn(page))]).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await axeFindings(page, part, ["color-contrast"])).toEqual([]);
  },
);
