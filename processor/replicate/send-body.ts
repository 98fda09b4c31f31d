import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** Longest silence of a target in the middle of a body. */
const SILENCE_DEADLINE_MS = 30_000;

/**
 * Sends a body at its reader's pace, which may be as slow as it likes; the target may not. Throws where the target breaks
 * off or falls silent, and what `signal` says when the reader has gone.
 */
export async function sendBody(
  body: ReadableStream<Uint8Array>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read(), signal);
      if (done) return;
      if (!response.write(value)) await once(response, "drain", { signal });
    }
  } catch (error) {
    await reader.cancel(error).catch(() => undefined);
    throw error;
  } finally {
    reader.releaseLock();
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
