/** Runs in the page: `benchWatch` begins to watch it, and `benchWatched` ends that. */

interface Seen {
  firstMs: number;
  longestTaskMs: number;
  longestFrameMs: number;
}

let begunAtMs = 0;
let seen: Seen = { firstMs: Number.NaN, longestTaskMs: 0, longestFrameMs: 0 };
let ends: (() => void)[] = [];

function watchTasks(): void {
  const tasks = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longestTaskMs = Math.max(seen.longestTaskMs, duration);
  });
  tasks.observe({ entryTypes: ["longtask"] });
  ends.push(() => tasks.disconnect());
}

function watchFrames(): void {
  let lastMs = performance.now();
  let frame = requestAnimationFrame(function onFrame(nowMs) {
    seen.longestFrameMs = Math.max(seen.longestFrameMs, nowMs - lastMs);
    lastMs = nowMs;
    frame = requestAnimationFrame(onFrame);
  });
  ends.push(() => cancelAnimationFrame(frame));
}

function watchFirst(selector: string): void {
  const changes = new MutationObserver(() => {
    if (document.querySelector(selector) === null) return;
    changes.disconnect();
    // It is drawn with the next frame.
    requestAnimationFrame(() => {
      seen.firstMs = performance.now() - begunAtMs;
    });
  });
  changes.observe(document.body, { childList: true, subtree: true });
  ends.push(() => changes.disconnect());
}

function begin(): void {
  begunAtMs = performance.now();
}

function benchWatch(selector: string, event?: string): void {
  seen = { firstMs: Number.NaN, longestTaskMs: 0, longestFrameMs: 0 };
  begin();
  if (event !== undefined) document.addEventListener(event, begin, { capture: true, once: true });
  watchTasks();
  watchFrames();
  watchFirst(selector);
}

function benchWatched(): Seen {
  for (const end of ends) end();
  ends = [];
  return seen;
}

Object.assign(globalThis, { benchWatch, benchWatched });

export {};
