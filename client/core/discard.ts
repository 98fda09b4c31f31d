import { createSend, type TransportOptions } from "./transport.ts";
import { terminate, UnexpectedAnswer } from "./tus.ts";
import { wait } from "./wait.ts";

const TIMEOUT_MS = 60_000;
const AGAIN_AFTER_MS = [500, 2000, 8000];

/** Deletes what the server has of an upload, if it can within a minute. */
export async function discardUpload(
  url: string,
  options: Pick<TransportOptions, "tokens" | "stallTimeoutMs">,
): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const send = createSend({ ...options, signal });
  for (const delayMs of [0, ...AGAIN_AFTER_MS]) {
    if (!(await wait(delayMs, signal))) return;
    try {
      return await terminate(send, url);
    } catch (error) {
      if (error instanceof UnexpectedAnswer && error.answer.status < 500) return;
    }
  }
}
