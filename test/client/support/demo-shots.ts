/*
 * Not a test: pictures of every page and state of the demo with fixed data, for people to look at.
 *   npm run screenshots [-- directory [state…]]
 */
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { de } from "../../../client/react/texts/de.ts";
import { en } from "../../../client/react/texts/en.ts";
import { filesDe } from "../../../client/react/texts/files-de.ts";
import { filesEn } from "../../../client/react/texts/files-en.ts";
import { launchChromium } from "../../support/browser.ts";
import { buildDemo } from "./built-demo.ts";
import { NOW } from "./demo-data.ts";
import { type Scene, show, type State } from "./demo-scene.ts";
import { type DemoServer, startDemoServer } from "./demo-server.ts";
import { STATES } from "./demo-states.ts";

const TEXTS = { en: { ...en, ...filesEn }, de: { ...de, ...filesDe } } as const;

type Width = 390 | 768 | 1440;
type Theme = "light" | "dark";

/** All states once, in one look. */
interface Pass {
  readonly name: string;
  readonly language: keyof typeof TEXTS;
  readonly isRightToLeft?: boolean;
  readonly contrast?: "more";
  readonly widths: readonly Width[];
  readonly themes: readonly Theme[];
}

const PASSES: readonly Pass[] = [
  { name: "en", language: "en", widths: [390, 768, 1440], themes: ["light", "dark"] },
  { name: "de", language: "de", widths: [390, 1440], themes: ["light"] },
  { name: "contrast", language: "en", contrast: "more", widths: [1440], themes: ["light", "dark"] },
  { name: "rtl", language: "en", isRightToLeft: true, widths: [390, 1440], themes: ["light"] },
];

const HEIGHT = 900;

/** A page that looks as the pass wants it, at a fixed time. */
async function newPage(browser: Browser, { language, isRightToLeft = false, contrast }: Pass): Promise<Page> {
  const look: BrowserContextOptions = {
    ...{ viewport: { width: 1440, height: HEIGHT }, timezoneId: "Europe/Berlin", reducedMotion: "reduce" },
    locale: language === "de" ? "de-DE" : "en-GB",
    ...(contrast && { contrast }),
  };
  const context = await browser.newContext(look);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.clock.install({ time: NOW });
  if (isRightToLeft) {
    await page.addInitScript(() =>
      addEventListener("DOMContentLoaded", () => document.documentElement.setAttribute("dir", "rtl")),
    );
  }
  return page;
}

async function shoot(page: Page, { widths, themes }: Pass, pathOf: (look: string) => string): Promise<void> {
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme });
    for (const width of widths) {
      await page.setViewportSize({ width, height: HEIGHT });
      const isCovered = (await page.getByRole("dialog").count()) > 0;
      // What is measured anew is drawn with the next frame.
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
      await page.screenshot({ path: pathOf(`${width}-${colorScheme}`), fullPage: !isCovered });
    }
  }
}

/** Tells what couldn't be reached and goes on: the others are to be looked at all the same. */
async function takePass(
  browser: Browser,
  server: DemoServer,
  pass: Pass,
  states: readonly State[],
  directory: string,
) {
  for (const state of states) {
    const page = await newPage(browser, pass);
    const scene: Scene = { page, server, texts: TEXTS[pass.language] };
    try {
      await show(scene, state);
      await shoot(page, pass, (look) => join(directory, `${state.name}-${pass.name}-${look}.png`));
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(`${state.name} (${pass.name}): ${String(error)}\n`);
      await page.screenshot({ path: join(directory, `${state.name}-${pass.name}-unreached.png`) });
    }
    await page.context().close();
  }
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { pass: { type: "string", multiple: true } },
});
const [directory = join(tmpdir(), "causeway-screenshots"), ...names] = positionals;
const wanted = STATES.filter(({ name }) => names.length === 0 || names.includes(name));
const passes = PASSES.filter(({ name }) => values.pass?.includes(name) ?? true);
const builtDir = await buildDemo();
const [browser, server] = await Promise.all([launchChromium(), startDemoServer(builtDir)]);
try {
  await mkdir(directory, { recursive: true });
  for (const pass of passes) await takePass(browser, server, pass, wanted, directory);
  process.stdout.write(`${directory}\n`);
} finally {
  await browser.close();
  await server.close();
  await rm(builtDir, { recursive: true });
}
