import { AppError } from "#contract/errors.ts";
import type { AppendRequest } from "../writing/append.ts";
import { mostBytesOf, tooLargeError } from "../writing/part-size.ts";
import type { Reservation } from "./reservation.ts";
import type { UploadState } from "./upload-state.ts";

/** The rules of how long an append, and the upload that it says it belongs to, may be. */

/**
 * Throws for an append at `offsetBytes` whose lengths, as far as it tells them, can't be right: `FILE_TOO_LARGE`,
 * `UPLOAD_LENGTH_CONFLICT`, `UPLOAD_BODY_TOO_LARGE`. What it doesn't tell is counted as it comes (writing/append.ts).
 */
export function checkLength(state: UploadState, offsetBytes: number, request: AppendRequest): void {
  const { lengthBytes = state.lengthBytes ?? undefined, bodyBytes, completion } = request;
  const endBytes = offsetBytes + (bodyBytes ?? 0);
  if (lengthBytes === undefined) {
    if (endBytes > mostBytesOf(state)) throw tooLargeError(state);
    return;
  }
  const contradicts = state.lengthBytes !== null && state.lengthBytes !== lengthBytes;
  if (contradicts || lengthBytes < offsetBytes) throw new AppError("UPLOAD_LENGTH_CONFLICT");
  if (lengthBytes > mostBytesOf(state)) throw tooLargeError(state);
  if (endBytes > lengthBytes && completion === "at-length") throw new AppError("UPLOAD_BODY_TOO_LARGE");
}

/** Reserves what a request needs that tells the upload's length. Throws `QUOTA_EXCEEDED`. */
export async function settleLength(
  reservation: Reservation,
  state: UploadState,
  offsetBytes: number,
  { lengthBytes, bodyBytes, hold }: AppendRequest,
): Promise<void> {
  if (state.lengthBytes !== null || lengthBytes === undefined) return;
  await reservation.settle(lengthBytes, offsetBytes + (bodyBytes ?? 0) === lengthBytes);
  hold.fence();
}

/** Whether a body is empty; a chunked one has to be read to know. */
export async function bringsNothing({ bodyBytes, source }: AppendRequest): Promise<boolean> {
  if (bodyBytes !== null) return bodyBytes === 0;
  return (await source.read()).kind === "end";
}
