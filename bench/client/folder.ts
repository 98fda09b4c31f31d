import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { buildPage } from "../../test/client/react/built-page.ts";
import { type DemoServer, startDemoServer } from "../../test/client/support/demo-server.ts";
import type { Row } from "../section.ts";
import { atMost } from "../targets.ts";
import type { ClientLoad } from "./load.ts";
import { heapBytes, type Watched, watch, watched } from "./page-watch.ts";

const MIB = 1024 * 1024;
const FILES_OF_A_FOLDER = 100;
const ROW = ".cw-upload-list li";
const ADDED_WITHIN_MS = 120_000;

interface Dropped extends Watched {
  readonly heapMib: number;
}

/** So many small files in folders of a folder, which is returned. */
async function makeFolder(parent: string, files: number): Promise<string> {
  const folder = join(parent, "Übergabe 2026");
  for (let index = 0; index < files; index += 1) {
    const inner = join(folder, `Ordner ${Math.floor(index / FILES_OF_A_FOLDER) + 1}`);
    if (index % FILES_OF_A_FOLDER === 0) await mkdir(inner, { recursive: true });
    await writeFile(join(inner, `Datei ${index + 1}.txt`), `This is file ${index + 1}.`);
  }
  return folder;
}

/** Drops a folder onto the page as the browser does with one that comes from its desktop. */
async function drop(page: Page, folder: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const at = { x: 200, y: 200, data: { items: [], files: [folder], dragOperationsMask: 1 } };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, ...at });
}

async function dropOnce(
  browser: Browser,
  server: DemoServer,
  folder: string,
  files: number,
): Promise<Dropped> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(server.origin);
    await page.waitForLoadState("networkidle");
    const idleBytes = await heapBytes(page);
    // What is dropped is all shown before anything is sent: sending is held back, and isn't what is timed.
    await context.setOffline(true);
    await watch(page, ROW, "drop");
    await drop(page, folder);
    const last = page.locator(`${ROW}[aria-setsize="${files}"]`).first();
    await last.waitFor({ timeout: ADDED_WITHIN_MS });
    const seen = await watched(page);
    return { ...seen, heapMib: ((await heapBytes(page)) - idleBytes) / MIB };
  } finally {
    await context.close();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** A folder that is dropped: when its first row is there, and what its rows cost the page. */
export async function measureFolder(browser: Browser, { runs, files }: ClientLoad): Promise<readonly Row[]> {
  const parent = await mkdtemp(join(tmpdir(), "causeway-bench-"));
  const built = await buildPage();
  const server = await startDemoServer(built);
  try {
    const folder = await makeFolder(parent, files);
    const drops: Dropped[] = [];
    for (let run = 0; run < runs; run += 1) drops.push(await dropOnce(browser, server, folder, files));
    const of = (read: (dropped: Dropped) => number) => median(drops.map(read));
    return [
      row(
        `first row of ${files} dropped files`,
        "ms",
        100,
        of(({ firstMs }) => firstMs),
      ),
      row(
        `longest task of ${files} dropped files`,
        "ms",
        50,
        of(({ longestTaskMs }) => longestTaskMs),
      ),
      row(
        `heap of ${files} dropped files above idle`,
        "MiB",
        100,
        of(({ heapMib }) => heapMib),
      ),
    ];
  } finally {
    await server.close();
    await Promise.all([parent, built].map((directory) => rm(directory, { recursive: true })));
  }
}

function row(figure: string, unit: string, limit: number, measured: number): Row {
  return {
    figure,
    measured: `${measured.toFixed(1)} ${unit}`,
    target: atMost({ figure, unit, limit, measured }),
  };
}
