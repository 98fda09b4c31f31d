/** A picture of a sound that has no cover: how loud it is from its beginning to its end. */

const PIXELS = 150;
/** Of a bar and the gap after it. */
const STEP = 3;
const GAP = 1;
const HIGHEST = 120;
/** Silence is a line. */
const LOWEST = 2;
const GROUND = [244, 244, 245];
const BAR = [63, 98, 168];

/**
 * The pixels of a picture of 150 × 150, three bytes each. Quiet sounds are drawn as high as loud ones: what is to be seen
 * is their shape.
 * @param peaks from 0 to 100, at most 800
 */
export function drawPeaks(peaks: readonly number[]): Uint8Array {
  const pixels = Buffer.alloc(PIXELS * PIXELS * 3, Buffer.from(GROUND));
  const loudest = Math.max(1, ...peaks);
  for (let x = 0; x < PIXELS; x += 1) {
    if (x % STEP >= STEP - GAP) continue;
    const height = Math.max(
      LOWEST,
      Math.round((loudnessAt(peaks, Math.floor(x / STEP)) / loudest) * HIGHEST),
    );
    const top = Math.floor((PIXELS - height) / 2);
    for (let y = top; y < top + height; y += 1) pixels.set(BAR, (y * PIXELS + x) * 3);
  }
  return pixels;
}

/** The loudest of the part of a sound that a bar stands for. */
function loudnessAt(peaks: readonly number[], bar: number): number {
  const perBar = (peaks.length * STEP) / PIXELS;
  const from = Math.floor(bar * perBar);
  return Math.max(0, ...peaks.slice(from, Math.max(from + 1, Math.floor((bar + 1) * perBar))));
}
