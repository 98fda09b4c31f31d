import type { Variant } from "#contract/api.ts";
import { ApiError } from "../../core/problem.ts";
import type { CausewayClient } from "../client.ts";

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 4_000;
const GROWTH = 1.4;

/** The browser's timers know nothing of signals. */
function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** A page as an image, drawn when it is first asked for: asked for again until it is there. Throws `ApiError`. */
export async function loadPage(
  files: Pick<CausewayClient["files"], "contentBlob">,
  fileId: string,
  page: number,
  signal: AbortSignal,
): Promise<Blob> {
  const variant: Variant = `page-${page}-1200`;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * GROWTH)) {
    signal.throwIfAborted();
    try {
      return await files.contentBlob(fileId, variant, { signal });
    } catch (error) {
      const isBeingMade = error instanceof ApiError && error.problem.code === "VARIANT_BEING_MADE";
      if (!isBeingMade) throw error;
    }
    await pause(waitMs, signal);
  }
}

/** Whether a document has no such page, as far as the server knows. */
export function isNoPage(error: unknown): boolean {
  return error instanceof ApiError && error.problem.code === "VARIANT_NOT_FOUND";
}
