import type { UploadProgress } from "./types.ts";

/** Speed is the mean over this window: long enough to be calm, short enough to be true. */
const WINDOW_MS = 6_000;
/** Below this much observed time a speed would be a guess. */
const MIN_OBSERVED_MS = 800;

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** Turns "so many bytes are sent by now" into a bar that never falls, a speed and a time left. */
export class ProgressMeter {
  readonly #totalBytes: number;
  #highestBytes = 0;
  #samples: Sample[] = [];

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  /** @param bytes sent by now, which may be less than before when a connection broke within a request */
  record(bytes: number, nowMs: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && bytes < last.bytes) this.#samples = [];
    this.#samples.push({ atMs: nowMs, bytes });
    const firstInWindow = this.#samples.findIndex((sample) => sample.atMs >= nowMs - WINDOW_MS);
    this.#samples.splice(0, firstInWindow);
    this.#highestBytes = Math.max(this.#highestBytes, bytes);
  }

  /** Nothing is being sent now: there is no speed until that changes. */
  rest(): void {
    this.#samples = [];
  }

  /** The server has nothing of this upload any more. */
  restart(): void {
    this.#samples = [];
    this.#highestBytes = 0;
  }

  read(): UploadProgress {
    const bytesPerSecond = this.#speed();
    const leftBytes = this.#totalBytes - (this.#samples.at(-1)?.bytes ?? this.#highestBytes);
    return {
      sentBytes: this.#highestBytes,
      totalBytes: this.#totalBytes,
      bytesPerSecond,
      secondsLeft: bytesPerSecond === undefined ? undefined : leftBytes / bytesPerSecond,
    };
  }

  #speed(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const observedMs = last.atMs - first.atMs;
    const bytes = last.bytes - first.bytes;
    return observedMs < MIN_OBSERVED_MS || bytes === 0 ? undefined : (bytes * 1000) / observedMs;
  }
}
