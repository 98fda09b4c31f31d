import { expect, test } from "vitest";
import { drawPeaks } from "../../../processor/derive/media/sound-picture.ts";

/** How many pixels of a column are a bar's. */
function heightAt(pixels: Uint8Array, x: number): number {
  const blue = Array.from({ length: 150 }, (_, y) => (pixels[(y * 150 + x) * 3] ?? 0) < 100);
  return blue.filter(Boolean).length;
}

test("a sound is drawn from its beginning to its end, and silence as a line", () => {
  const rising = drawPeaks(Array.from({ length: 800 }, (_, at) => at / 16));
  expect(rising.byteLength).toBe(150 * 150 * 3);
  const heights = [0, 75, 147].map((x) => heightAt(rising, x));
  expect(heights).toEqual([2, expect.closeTo(61, -1), expect.closeTo(120, -1)]);
  expect(heightAt(rising, 149)).toBe(0);
  for (const silence of [[], [0], Array.from({ length: 800 }, () => 0)]) {
    expect([0, 75, 147].map((x) => heightAt(drawPeaks(silence), x))).toEqual([2, 2, 2]);
  }
  expect([0, 147].map((x) => heightAt(drawPeaks([40]), x))).toEqual([120, 120]);
});
