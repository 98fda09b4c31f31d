import { describe, expect, onTestFinished, test, vi } from "vitest";
import { parseConfig, readConcurrency, readToolMemoryBytes } from "../../processor/config.ts";
import { chooseConcurrency, chooseToolMemoryMb, createLaneLimits } from "../../processor/lane-limits.ts";
import { createLanes, LANE_LIMITS, type Lane, type LaneName } from "../../processor/lanes.ts";
import { MAX_LINE_WAIT_MS } from "../../processor/line.ts";
import { createMetrics, watchLanes } from "../../processor/metrics.ts";

const MIB = 1024 * 1024;
const never = new AbortController().signal;

/** Something in a lane that ends when it is told to. */
function occupy(lane: Lane, signal = never) {
  const { promise: work, resolve } = Promise.withResolvers<void>();
  const state = { begun: false };
  const ended = lane.run(() => {
    state.begun = true;
    return work;
  }, signal);
  ended.catch(() => undefined);
  const end = () => {
    resolve();
    return ended;
  };
  return { state, end, ended };
}

/** Lets promises that are settled take effect. */
const settle = () => new Promise(setImmediate);

function limits(change: Partial<Record<LaneName, { concurrency?: number; waiting?: number }>> = {}) {
  const entries = Object.entries(LANE_LIMITS).map(([name, limit]) => [
    name,
    { ...limit, ...change[name as LaneName] },
  ]);
  return Object.fromEntries(entries) as typeof LANE_LIMITS;
}

describe("a lane", () => {
  test("does so much at a time, and the next when a hand is free, in the order they came", async () => {
    const { image } = createLanes(limits());
    const [first, second, third, fourth] = [occupy(image), occupy(image), occupy(image), occupy(image)];
    await settle();
    expect([image.running, image.waiting, image.free]).toEqual([2, 2, 0]);
    await second.end();
    await settle();
    expect([first, second, third, fourth].map(({ state }) => state.begun)).toEqual([true, true, true, false]);
    await Promise.all([first.end(), third.end()]);
    await settle();
    expect(fourth.state.begun).toBe(true);
    await fourth.end();
    expect([image.running, image.waiting, image.free]).toEqual([0, 0, 2]);
  });

  test("refuses at once what finds its line full", async () => {
    const { document } = createLanes(limits({ document: { waiting: 1 } }));
    const inside = [occupy(document), occupy(document)];
    await expect(occupy(document).ended).rejects.toMatchObject({ code: "LANE_FULL" });
    for (const one of inside) await one.end();
  });

  test("refuses what has waited too long, and no sooner", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { document } = createLanes(limits());
    const running = occupy(document);
    const waiting = occupy(document);
    const outcome = vi.fn<(error: unknown) => void>();
    void waiting.ended.catch(outcome);
    await vi.advanceTimersByTimeAsync(MAX_LINE_WAIT_MS - 1);
    expect(outcome).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome).toHaveBeenCalledWith(expect.objectContaining({ code: "LANE_FULL" }));
    expect(document.waiting).toBe(0);
    await running.end();
  });

  test("lets go who is told to stop waiting", async () => {
    const { document } = createLanes(limits());
    const running = occupy(document);
    const stop = new AbortController();
    const waiting = occupy(document, stop.signal);
    stop.abort(new Error("no more time"));
    await expect(waiting.ended).rejects.toThrow("no more time");
    await running.end();
    expect([document.running, document.waiting]).toEqual([0, 0]);
  });

  test("loses nobody's turn when one is told to stop that has just been called", async () => {
    const { document } = createLanes(limits());
    const running = occupy(document);
    const stop = new AbortController();
    const called = occupy(document, stop.signal);
    const next = occupy(document);
    await settle();
    document.watch({ done: () => queueMicrotask(() => stop.abort(new Error("no more time"))) });
    await running.end();
    await settle();
    expect(called.state.begun).toBe(true);
    await called.end();
    await settle();
    expect(next.state.begun).toBe(true);
    await next.end();
  });

  test("does at once, or not at all, what doesn't wait; and keeps no memory for it", async () => {
    const lanes = createLanes(limits({ image: { concurrency: 1 } }), 1_000 * MIB);
    const work = () => Promise.resolve("done");
    expect(await lanes.image.runIfFree(work)).toBe("done");
    const document = occupy(lanes.document);
    expect(lanes.image.runIfFree(work)).toBeUndefined();
    const media = occupy(lanes.media);
    await document.end();
    await settle();
    expect([media.state.begun, lanes.image.running]).toEqual([true, 0]);
    const [image, waiting] = [occupy(lanes.image), occupy(lanes.image)];
    expect(lanes.image.runIfFree(work)).toBeUndefined();
    for (const each of [media, image, waiting]) await each.end();
  });

  test("counts no wait as work that its work says is one", async () => {
    const { image } = createLanes(limits());
    vi.useFakeTimers({ toFake: ["performance", "setTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const seconds: number[] = [];
    image.watch({ done: (_lane, took) => seconds.push(took) });
    const sleep = (ms: number) => new Promise((resolve) => void setTimeout(resolve, ms));
    const done = image.runIfFree(async (waiting) => {
      await sleep(2_000);
      await waiting(sleep(8_000));
    });
    await vi.advanceTimersByTimeAsync(10_000);
    await done;
    expect(seconds).toEqual([2]);
  });

  test("has a free hand again after work that failed", async () => {
    const { document } = createLanes(limits());
    const failing = document.run(() => Promise.reject(new Error("no")), never);
    await expect(failing).rejects.toThrow("no");
    expect(document.free).toBe(1);
  });

  test("shows in the metrics what it does, and how long that took", async () => {
    const lanes = createLanes(limits());
    const metrics = createMetrics();
    watchLanes(lanes, metrics);
    const [running, waiting] = [occupy(lanes.document), occupy(lanes.document)];
    const exposed = await metrics.registry.metrics();
    expect(exposed).toContain('causeway_processor_lane_running{lane="document"} 1');
    expect(exposed).toContain('causeway_processor_lane_waiting{lane="document"} 1');
    expect(exposed).toContain('causeway_processor_lane_running{lane="scan"} 0');
    await running.end();
    await waiting.end();
    const after = await metrics.registry.metrics();
    expect(after).toContain('causeway_processor_lane_duration_seconds_count{lane="document"} 2');
    expect(after).toContain('causeway_processor_lane_running{lane="document"} 0');
  });
});

describe("memory", () => {
  test("bounds what runs in all lanes together; scans don't wait for it", async () => {
    const lanes = createLanes(limits(), 1_100 * MIB);
    const images = [occupy(lanes.image), occupy(lanes.image)];
    const document = occupy(lanes.document);
    const scan = occupy(lanes.scan);
    await settle();
    expect([lanes.image.running, lanes.document.running, lanes.scan.running]).toEqual([2, 0, 1]);
    for (const image of images) await image.end();
    await settle();
    expect(document.state.begun).toBe(true);
    await Promise.all([document.end(), scan.end()]);
  });

  test("is kept for who was refused: pictures don't overtake a document for ever", async () => {
    const lanes = createLanes(limits(), 1_000 * MIB);
    const images = [occupy(lanes.image), occupy(lanes.image), occupy(lanes.image)] as const;
    const document = occupy(lanes.document);
    await images[0].end();
    await images[1].end();
    await settle();
    expect(document.state.begun).toBe(true);
    await document.end();
    await settle();
    expect(images[2].state.begun).toBe(true);
    await images[2].end();
  });

  test("isn't kept for who has gone", async () => {
    const lanes = createLanes(limits(), 1_000 * MIB);
    const image = occupy(lanes.image);
    const stop = new AbortController();
    const document = occupy(lanes.document, stop.signal);
    const media = occupy(lanes.media);
    await settle();
    expect(media.state.begun).toBe(false);
    stop.abort(new Error("gone"));
    await expect(document.ended).rejects.toThrow("gone");
    await settle();
    expect(media.state.begun).toBe(true);
    await Promise.all([image.end(), media.end()]);
  });

  test("that is too little for anything is enough for one thing at a time", async () => {
    const lanes = createLanes(limits(), MIB);
    const [image, document] = [occupy(lanes.image), occupy(lanes.document)];
    await settle();
    expect([image.state.begun, document.state.begun]).toEqual([true, false]);
    await image.end();
    await settle();
    expect(document.state.begun).toBe(true);
    await document.end();
  });
});

describe("limits", () => {
  test.each([
    { cores: 1, scan: 2, look: 1, image: 1, document: 1, media: 1, replica: 2 },
    { cores: 2, scan: 2, look: 1, image: 2, document: 1, media: 1, replica: 2 },
    { cores: 4, scan: 4, look: 3, image: 4, document: 2, media: 1, replica: 4 },
    { cores: 64, scan: 8, look: 8, image: 8, document: 4, media: 4, replica: 4 },
  ])("on $cores cores", ({ cores, ...expected }) => {
    expect(chooseConcurrency({ cores, memoryBytes: 0 })).toEqual(expected);
  });

  test("give programs half of the memory, and something in any case", () => {
    expect(chooseToolMemoryMb({ cores: 1, memoryBytes: 4096 * MIB })).toBe(2048);
    expect(chooseToolMemoryMb({ cores: 1, memoryBytes: 100 * MIB })).toBe(512);
  });

  test("are those of two cores for what these do at a time", () => {
    expect(createLaneLimits(chooseConcurrency({ cores: 2, memoryBytes: 0 }))).toEqual(LANE_LIMITS);
  });

  const REQUIRED = {
    ...{ CAUSEWAY_WORKER_URL: "http://127.0.0.1:1", CAUSEWAY_REPORT_SECRET: "s".repeat(32) },
    ...{ S3_ENDPOINT: "http://127.0.0.1:1", S3_BUCKET: "b", S3_ACCESS_KEY_ID: "i" },
    ...{ S3_SECRET_ACCESS_KEY: "s", QUEUES_ACCOUNT_ID: "a", QUEUES_QUEUE_ID: "q", QUEUES_TOKEN: "t" },
  };
  const machine = { cores: 2, memoryBytes: 4096 * MIB };

  test.each([
    { env: {}, expected: { scan: 2, look: 1, image: 2, document: 1, media: 1, replica: 2 } },
    {
      env: { CONCURRENCY: "5" },
      expected: { scan: 5, look: 5, image: 2, document: 1, media: 1, replica: 2 },
    },
    {
      env: { CONCURRENCY: "5", SCAN_CONCURRENCY: "6" },
      expected: { scan: 6, look: 6, image: 2, document: 1, media: 1, replica: 2 },
    },
    {
      env: {
        ...{ IMAGE_CONCURRENCY: "7", DOCUMENT_CONCURRENCY: "8", MEDIA_CONCURRENCY: "9" },
        REPLICA_CONCURRENCY: "3",
      },
      expected: { scan: 2, look: 1, image: 7, document: 8, media: 9, replica: 3 },
    },
  ])("of $env are $expected", ({ env, expected }) => {
    const result = parseConfig({ ...REQUIRED, ...env });
    expect(result.ok && readConcurrency(result.config, machine)).toEqual(expected);
  });

  test("of memory are the machine's, or as configured", () => {
    const read = (env: Record<string, string>) => {
      const result = parseConfig({ ...REQUIRED, ...env });
      return result.ok && readToolMemoryBytes(result.config, machine);
    };
    expect(read({})).toBe(2048 * MIB);
    expect(read({ TOOL_MEMORY_MB: "300" })).toBe(300 * MIB);
  });
});
