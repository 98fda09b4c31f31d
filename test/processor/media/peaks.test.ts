import { expect, test } from "vitest";
import { MAX_PEAKS, Peaks, SAMPLE_RATE_HZ } from "../../../processor/derive/media/peaks.ts";

/** 10 ms. */
const SPAN = SAMPLE_RATE_HZ / 100;

function peaksOf(samples: Int16Array, pieces = samples.length): readonly number[] {
  const peaks = new Peaks();
  for (let start = 0; start < samples.length; start += pieces) {
    peaks.push(samples.subarray(start, start + pieces));
  }
  return peaks.finish();
}

test.each([
  [0, 0],
  [1, 1],
  [SPAN, 1],
  [SPAN + 1, 2],
  [SPAN * MAX_PEAKS, MAX_PEAKS],
  [SPAN * MAX_PEAKS + 1, MAX_PEAKS / 2 + 1],
  [SPAN * MAX_PEAKS * 2 - 1, MAX_PEAKS],
  [SPAN * MAX_PEAKS * 2, MAX_PEAKS],
  [SPAN * MAX_PEAKS * 2 + 1, MAX_PEAKS / 2 + 1],
  [SPAN * MAX_PEAKS * 64, MAX_PEAKS],
])("%i samples have %i peaks", (length, expected) => {
  expect(peaksOf(new Int16Array(length))).toHaveLength(expected);
});

test.each([
  [0, 0],
  [327, 1],
  [-16_384, 50],
  [32_767, 100],
  [-32_768, 100],
])("a sample of %i is %i loud", (sample, expected) => {
  expect(peaksOf(Int16Array.of(0, sample, 0))).toEqual([expected]);
});

test.each([1, 7, 1_000, 1_000_000])("what is loud is where it is, in pieces of %i", (pieces) => {
  const samples = new Int16Array(SPAN * MAX_PEAKS * 4);
  // At three quarters.
  samples[SPAN * MAX_PEAKS * 3] = -32_768;
  const peaks = peaksOf(samples, pieces);
  expect(peaks.indexOf(100)).toBe(600);
  expect(peaks.filter((peak) => peak > 0)).toEqual([100]);
});

test("how long it was is known at the end", () => {
  const peaks = new Peaks();
  for (let second = 0; second < 3; second++) peaks.push(new Int16Array(SAMPLE_RATE_HZ));
  expect(peaks.durationSeconds).toBe(3);
});
