import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** Longest silence of a target in the middle of a body. */
const SILENCE_DEADLINE_MS = 30_000;

/** How much a reader has to take of what is there for it. */
export interface Pace {
  readonly leastBytes: number;
  readonly withinMs: number;
}

/** 16 kB/s, over a minute: what is slower keeps a place that others wait for. */
export const LEAST_PACE: Pace = { leastBytes: 960_000, withinMs: 60_000 };

/** A reader that takes less than it has to. */
export class SlowReader extends Error {
  override readonly name = "SlowReader";
}

/**
 * Sends a body at its reader's pace. Throws where the target breaks off or falls silent, SlowReader where the reader is
 * slower than it may be, and what `signal` says when it has gone.
 */
export async function sendBody(
  body: ReadableStream<Uint8Array>,
  response: ServerResponse,
  signal: AbortSignal,
  pace = LEAST_PACE,
): Promise<void> {
  const reader = body.getReader();
  const watch = new PaceWatch(pace);
  const ended = AbortSignal.any([signal, watch.signal]);
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read(), signal);
      if (done) return;
      if (!response.write(value)) await watch.waitForReader(once(response, "drain", { signal: ended }));
      watch.noteTaken(value.byteLength);
    }
  } catch (error) {
    const cause: unknown = watch.signal.aborted ? watch.signal.reason : error;
    await reader.cancel(cause).catch(() => undefined);
    throw cause;
  } finally {
    watch.stop();
    reader.releaseLock();
  }
}

/** Looks at what a reader has taken, at intervals; only one that is waited for then can be too slow. */
class PaceWatch {
  readonly #slow = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #takenBytes = 0;
  #isWaiting = false;

  constructor({ leastBytes, withinMs }: Pace) {
    this.#timer = setInterval(() => {
      if (this.#isWaiting && this.#takenBytes < leastBytes) this.#slow.abort(new SlowReader("too slow"));
      this.#takenBytes = 0;
    }, withinMs);
  }

  get signal(): AbortSignal {
    return this.#slow.signal;
  }

  async waitForReader(ready: Promise<unknown>): Promise<void> {
    this.#isWaiting = true;
    await ready;
    this.#isWaiting = false;
  }

  noteTaken(bytes: number): void {
    this.#takenBytes += bytes;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Throws after a silence, and as soon as nobody waits any more. */
async function withinSilence<T>(read: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: given, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("The target fell silent.")), SILENCE_DEADLINE_MS);
  const giveUp = (): void => reject(new Error("The reader has gone."));
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([read, given]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}
