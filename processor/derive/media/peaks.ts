/** Samples that the first peaks stand for: 10 ms at SAMPLE_RATE_HZ. */
const FIRST_SPAN = 80;
/** Of 16 bits. */
const LOUDEST = 32_768;

/** Enough to see speech and silence by. */
export const SAMPLE_RATE_HZ = 8_000;
export const MAX_PEAKS = 800;

/**
 * The loudest sample of each of at most 800 equal spans of a sound whose length isn't known before its end: whenever
 * there are twice as many as there may be, two become one. Needs the same memory for a second and for a day.
 */
export class Peaks {
  readonly #peaks = new Uint16Array(2 * MAX_PEAKS);
  #length = 0;
  #span = FIRST_SPAN;
  #loudest = 0;
  #inSpan = 0;
  #samples = 0;

  get durationSeconds(): number {
    return this.#samples / SAMPLE_RATE_HZ;
  }

  /** @param samples of 16 bits, one channel, at SAMPLE_RATE_HZ */
  push(samples: Int16Array): void {
    this.#samples += samples.length;
    for (const sample of samples) {
      const loudness = sample < 0 ? -sample : sample;
      if (loudness > this.#loudest) this.#loudest = loudness;
      this.#inSpan += 1;
      if (this.#inSpan === this.#span) this.#endSpan();
    }
  }

  /** From 0 to 100, in their order. Nothing can be pushed afterwards. */
  finish(): readonly number[] {
    if (this.#inSpan > 0) this.#endSpan();
    if (this.#length > MAX_PEAKS) this.#halve();
    return Array.from(this.#peaks.subarray(0, this.#length), (peak) => Math.round((peak / LOUDEST) * 100));
  }

  #endSpan(): void {
    this.#peaks[this.#length] = this.#loudest;
    this.#length += 1;
    this.#loudest = 0;
    this.#inSpan = 0;
    if (this.#length === this.#peaks.length) this.#halve();
  }

  #halve(): void {
    const half = Math.ceil(this.#length / 2);
    for (let index = 0; index < half; index++) {
      const second = 2 * index + 1 < this.#length ? (this.#peaks[2 * index + 1] ?? 0) : 0;
      this.#peaks[index] = Math.max(this.#peaks[2 * index] ?? 0, second);
    }
    this.#length = half;
    this.#span *= 2;
  }
}
