import { AppError } from "#contract/errors.ts";

/** How long a silent database isn't asked; then one call tries. */
const REST_MS = 5_000;

/**
 * What an isolate knows of a database's silence, so that not everybody waits for it again and again: from a call that had
 * no answer in time, and no other had since it was made, calls are refused at once, but for one every few seconds. Any
 * answer ends that, be it an error's, or one that comes late.
 */
export class Silence {
  readonly #restMs: number;
  #answeredAtMs = 0;
  /** When the next call may try; undefined while all may. */
  #nextTryAtMs: number | undefined;

  constructor(restMs = REST_MS) {
    this.#restMs = restMs;
  }

  /** Throws `SERVICE_UNAVAILABLE` while the database is left alone. */
  requireTry(nowMs: number): void {
    if (this.#nextTryAtMs === undefined) return;
    if (nowMs < this.#nextTryAtMs) {
      throw new AppError("SERVICE_UNAVAILABLE", {
        detail: "The database has not answered for a while.",
        headers: { "Retry-After": String(Math.ceil(this.#restMs / 1000)) },
      });
    }
    this.#nextTryAtMs = nowMs + this.#restMs;
  }

  noteAnswer(nowMs: number): void {
    this.#answeredAtMs = nowMs;
    this.#nextTryAtMs = undefined;
  }

  /** @param sinceMs when the call was made that had no answer in time */
  noteSilence(sinceMs: number, nowMs: number): void {
    // One slow statement is no silence.
    if (this.#answeredAtMs < sinceMs) this.#nextTryAtMs = nowMs + this.#restMs;
  }
}
