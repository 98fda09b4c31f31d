import type { Variant } from "#contract/api.ts";
import { ApiError } from "../../core/problem.ts";
import { wait } from "../../core/wait.ts";
import type { CausewayClient } from "../client.ts";

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 4_000;
const GROWTH = 1.4;

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
    await wait(waitMs, signal);
  }
}

/** Whether a document has no such page, as far as the server knows. */
export function isNoPage(error: unknown): boolean {
  return error instanceof ApiError && error.problem.code === "VARIANT_NOT_FOUND";
}
