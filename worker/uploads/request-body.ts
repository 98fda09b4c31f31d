import { AppError } from "#contract/errors.ts";
import { parseHeaderInteger } from "#contract/tus.ts";

/** How many bytes a request's body says it has: 0 without a body, null for one that doesn't tell (chunked). */
export function bodyBytesOf(request: Request): number | null {
  if (request.body === null) return 0;
  const header = request.headers.get("Content-Length");
  return header === null ? null : (parseHeaderInteger(header) ?? null);
}

/**
 * Throws `UPLOAD_BODY_TOO_LARGE` for a body that says it has more than one request may carry. One that doesn't say how
 * much it has is counted as it comes (append-body.ts).
 */
export function requireBodyWithin(request: Request, maxAppendBytes: number): void {
  if ((bodyBytesOf(request) ?? 0) > maxAppendBytes) throw bodyTooLarge(maxAppendBytes);
}

export function bodyTooLarge(maxAppendBytes: number): AppError {
  return new AppError("UPLOAD_BODY_TOO_LARGE", {
    detail: `One request may carry ${maxAppendBytes} bytes at most.`,
  });
}
