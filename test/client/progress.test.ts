import { expect, test } from "vitest";
import { backoffMs, parseRetryAfterMs } from "../../client/core/backoff.ts";
import { ChunkSizes } from "../../client/core/chunks.ts";
import { ProgressMeter } from "../../client/core/progress.ts";
import type { Upload } from "../../client/core/upload.ts";
import { summarize } from "../../client/react/uploader/summary.ts";
import { TimeLeft } from "../../client/react/uploader/time-left.ts";

test("speed and time left are known after a little while, and come from the last seconds", () => {
  const meter = new ProgressMeter(100_000);
  meter.record(0, 0);
  expect(meter.read()).toMatchObject({ bytesPerSecond: undefined, secondsLeft: undefined });
  for (let second = 1; second <= 10; second++) meter.record(second * 1000, second * 1000);
  for (let second = 11; second <= 17; second++) meter.record(10_000 + (second - 10) * 2000, second * 1000);
  expect(meter.read()).toEqual({
    sentBytes: 24_000,
    totalBytes: 100_000,
    bytesPerSecond: 2000,
    secondsLeft: 38,
  });
});

test("the bar never falls back when a connection breaks, but does when the server lost the upload", () => {
  const meter = new ProgressMeter(1000);
  meter.record(800, 0);
  meter.record(500, 1000);
  expect(meter.read().sentBytes).toBe(800);
  meter.record(900, 2000);
  expect(meter.read()).toMatchObject({ sentBytes: 900, bytesPerSecond: 400 });
  meter.rest();
  expect(meter.read()).toMatchObject({ sentBytes: 900, bytesPerSecond: undefined });
  meter.restart();
  expect(meter.read().sentBytes).toBe(0);
});

test.each([
  ["0", 0],
  ["7", 7000],
  ["Thu, 01 Jan 1970 00:00:30 GMT", 20_000],
  ["Thu, 01 Jan 1970 00:00:05 GMT", 0],
  ["soon", undefined],
  ["", undefined],
  [null, undefined],
])("Retry-After %s", (header, expected) => {
  expect(parseRetryAfterMs(header, 10_000)).toBe(expected);
});

test("delays double up to half a minute", () => {
  for (const [attempt, delayMs] of [
    [1, 1000],
    [2, 2000],
    [5, 16_000],
    [6, 30_000],
    [60, 30_000],
  ] as const) {
    expect(backoffMs(attempt, 1000)).toBeGreaterThanOrEqual(delayMs);
    expect(backoffMs(attempt, 1000)).toBeLessThanOrEqual(delayMs * 1.2);
  }
});

const MIB = 1024 * 1024;

test("requests become as long as the connection bears, in whole parts, and no longer than the server takes", () => {
  const chunks = new ChunkSizes(undefined);
  const next = (offset = 0, maxAppendBytes?: number) =>
    chunks.endOf(offset, 1000 * MIB, maxAppendBytes) - offset;
  expect(next()).toBe(8 * MIB);
  chunks.measured(8 * MIB, 8_000);
  expect(next()).toBe(16 * MIB);
  // 2 MiB a second for twenty seconds.
  chunks.measured(16 * MIB, 8_000);
  expect(next()).toBe(32 * MIB);
  chunks.measured(32 * MIB, 100);
  chunks.measured(64 * MIB, 100);
  expect(next()).toBe(88 * MIB);
  expect(next(0, 5 * MIB)).toBe(5 * MIB);
  // From within a part to the end of one.
  expect(next(3 * MIB)).toBe(85 * MIB);
  expect(chunks.endOf(0, 3 * MIB)).toBe(3 * MIB);
});

test("requests become shorter where they take long or are cut, and a file's short rest says nothing", () => {
  const chunks = new ChunkSizes(undefined);
  chunks.measured(8 * MIB, 80_000);
  expect(chunks.endOf(0, 1000 * MIB)).toBe(2 * MIB);
  chunks.measured(1000, 900);
  expect(chunks.endOf(0, 1000 * MIB)).toBe(2 * MIB);
  for (const _ of [1, 2, 3]) chunks.wasTooLong();
  expect(chunks.endOf(0, 1000 * MIB)).toBe(MIB);
  const fixed = new ChunkSizes(1000);
  fixed.measured(1000, 1);
  expect(fixed.endOf(500, 5000)).toBe(1500);
});

test("how long many small files take is told by how fast they go, though none of them has a speed", () => {
  // Of a first file's few bytes nothing is concluded.
  const first = new TimeLeft();
  const started = { running: 40, uploaded: 0, leftFiles: 40 };
  first.note({ ...started, sentBytes: 0, leftBytes: 14_000 }, 0);
  expect(first.note({ ...started, sentBytes: 350, leftBytes: 13_650 }, 3_000)).toBe(undefined);
  const timeLeft = new TimeLeft();
  const work = (uploaded: number) => ({
    ...{ uploaded, running: 1_000 - uploaded, leftFiles: 1_000 - uploaded },
    ...{ sentBytes: uploaded * 100, leftBytes: 100_000 - uploaded * 100 },
  });
  expect(timeLeft.note(work(0), 0)).toBe(undefined);
  expect(timeLeft.note(work(10), 1_000)).toBe(undefined);
  expect(timeLeft.note(work(40), 4_000)).toBeCloseTo(96);
  // It has become slower.
  for (let second = 5; second <= 60; second += 1) timeLeft.note(work(40 + second), second * 1_000);
  expect(timeLeft.note(work(100), 60_000)).toBeCloseTo(900, -1.5);
  expect(timeLeft.note({ ...work(100), running: 0 }, 61_000)).toBe(undefined);
});

test("what is paused, or has failed, isn't counted in the time that is left", () => {
  const upload = (kind: string, sentBytes: number, bytesPerSecond?: number) =>
    ({ id: kind, state: { kind }, progress: { sentBytes, totalBytes: 1_000, bytesPerSecond } }) as Upload;
  const others = [
    upload("refused", 0),
    upload("duplicate", 0),
    upload("aborted", 0),
    upload("uploaded", 1_000),
  ];
  const work = [
    upload("uploading", 500, 100),
    upload("waiting", 0),
    upload("failed", 100),
    upload("paused", 0),
  ];
  expect(summarize([...others, ...work])).toMatchObject({
    ...{ files: 5, uploaded: 1, running: 2, paused: 2, sentBytes: 1_600, totalBytes: 5_000 },
    ...{ bytesPerSecond: 100, secondsLeft: 15, leftFiles: 2, leftBytes: 1_500 },
  });
});
