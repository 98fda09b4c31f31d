import type { Browser, Page } from "playwright-core";
import { startFilesServer } from "../../test/client/react/files/files-server.ts";
import { manyFiles } from "../../test/client/react/files/stored-files.ts";
import { buildFilesPage } from "../../test/support/files-page.ts";
import type { Row } from "../section.ts";
import { atMost } from "../targets.ts";
import type { ClientLoad } from "./load.ts";
import { nextFrame, watch, watched } from "./page-watch.ts";

const ROW = "[data-file-id]";
const LONGEST_FRAME_MS = 50;
/** As a hand turns a wheel fast. */
const WHEEL_PIXELS = 900;
/** How far it is scrolled: the whole list where that is less. */
const TURNS = 200;

/** Until its rows are counted, which they are when the last page of them is there. */
async function loadAll(page: Page): Promise<void> {
  const grid = page.getByRole("grid");
  while ((await grid.getAttribute("aria-rowcount")) === "-1") {
    await page.mouse.wheel(0, 1_000_000);
    await nextFrame(page);
  }
}

async function scroll(page: Page): Promise<number> {
  await page.mouse.wheel(0, -100_000_000);
  await page.locator(`${ROW}[aria-rowindex="2"]`).waitFor();
  await watch(page, ROW);
  for (let turn = 0; turn < TURNS; turn += 1) {
    await page.mouse.wheel(0, WHEEL_PIXELS);
    await nextFrame(page);
  }
  return (await watched(page)).longestFrameMs;
}

/** A long list that is scrolled: its longest frame. */
export async function measureScrolling(
  browser: Browser,
  { runs, files }: ClientLoad,
): Promise<readonly Row[]> {
  const server = await startFilesServer(await buildFilesPage());
  server.files = manyFiles(files);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(server.origin);
    await page.locator(ROW).first().waitFor();
    await page.locator(ROW).first().hover();
    await loadAll(page);
    const frames: number[] = [];
    for (let run = 0; run < runs; run += 1) frames.push(await scroll(page));
    const measured = frames.toSorted((a, b) => a - b)[Math.floor(frames.length / 2)] ?? Number.NaN;
    const figure = `longest frame while ${files} rows scroll`;
    const target = atMost({ figure, unit: "ms", limit: LONGEST_FRAME_MS, measured });
    return [{ figure, measured: `${measured.toFixed(1)} ms`, target }];
  } finally {
    await context.close();
    await server.close();
  }
}
