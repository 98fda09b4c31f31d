import type { Page } from "playwright-core";

/** What a page's own clock saw, in milliseconds. */
export interface Watched {
  /** From the beginning until the first element that was asked for was drawn. */
  readonly firstMs: number;
  readonly longestTaskMs: number;
  readonly longestFrameMs: number;
}

interface WatchedPage {
  watch: { readonly begunAtMs: number; firstMs: number; taskMs: number; frameMs: number; end(): void };
}

/** Begins to watch; `selector` names the element whose first drawing is timed, from `event` on where one is named. */
export async function watch(page: Page, selector: string, event?: string): Promise<void> {
  await page.evaluate(
    ([wanted, begin]) => {
      const seen = {
        begunAtMs: performance.now(),
        firstMs: Number.NaN,
        taskMs: 0,
        frameMs: 0,
        end: () => {},
      };
      if (begin !== undefined) {
        const onBegin = () => (seen.begunAtMs = performance.now());
        document.addEventListener(begin, onBegin, { capture: true, once: true });
      }
      const tasks = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) seen.taskMs = Math.max(seen.taskMs, duration);
      });
      tasks.observe({ entryTypes: ["longtask"] });
      let lastMs = performance.now();
      let frame = requestAnimationFrame(function onFrame(nowMs) {
        seen.frameMs = Math.max(seen.frameMs, nowMs - lastMs);
        lastMs = nowMs;
        frame = requestAnimationFrame(onFrame);
      });
      const rows = new MutationObserver(() => {
        if (!Number.isNaN(seen.firstMs) || document.querySelector(wanted) === null) return;
        rows.disconnect();
        // It is drawn with the next frame.
        requestAnimationFrame(() => {
          seen.firstMs = performance.now() - seen.begunAtMs;
        });
      });
      rows.observe(document.body, { childList: true, subtree: true });
      seen.end = () => {
        tasks.disconnect();
        rows.disconnect();
        cancelAnimationFrame(frame);
      };
      Object.assign(globalThis, { watch: seen });
    },
    [selector, event] as const,
  );
}

/** Ends that, and tells what was seen. */
export async function watched(page: Page): Promise<Watched> {
  return page.evaluate(() => {
    const { watch: seen } = globalThis as unknown as WatchedPage;
    seen.end();
    return { firstMs: seen.firstMs, longestTaskMs: seen.taskMs, longestFrameMs: seen.frameMs };
  });
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
