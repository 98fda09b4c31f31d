import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import type { Page } from "playwright-core";

/** What a page's own clock saw, in milliseconds. */
export interface Watched {
  /** From the beginning until the first element that was asked for was drawn. */
  readonly firstMs: number;
  readonly longestTaskMs: number;
  readonly longestFrameMs: number;
}

const SCRIPT = stripTypeScriptTypes(readFileSync(new URL("./page-script.ts", import.meta.url), "utf8"));

/** Begins to watch; `selector` names the element whose first drawing is timed, from `event` on where one is named. */
export async function watch(page: Page, selector: string, event?: string): Promise<void> {
  await page.addScriptTag({ content: SCRIPT, type: "module" });
  await page.evaluate(`benchWatch(${JSON.stringify(selector)}, ${JSON.stringify(event)})`);
}

/** Ends that, and tells what was seen. */
export async function watched(page: Page): Promise<Watched> {
  return page.evaluate<Watched>("benchWatched()");
}

/** Resolves with the page's next frame. */
export async function nextFrame(page: Page): Promise<void> {
  await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => resolve()))");
}

/** Bytes of the page's JavaScript heap, once what is no longer used was collected. */
export async function heapBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize;
}
