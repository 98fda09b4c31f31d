import type { ErrorCode } from "#contract/errors.ts";
import { AppError } from "#contract/errors.ts";

/**
 * Waits for `work` at most `limitMs` and then throws `code`. For bindings that take no AbortSignal: the work itself may
 * still go on, so the caller must be safe against its landing late.
 */
export async function withDeadline<T>(work: Promise<T>, limitMs: number, code: ErrorCode): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AppError(code, { detail: `No answer in ${limitMs} ms.` })), limitMs);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}
