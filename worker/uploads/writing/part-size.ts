import { AppError } from "#contract/errors.ts";
import type { UploadState } from "../state/upload-state.ts";

const MIB = 1024 * 1024;

/** S3's and R2's least size of a part that isn't the last. */
export const MIN_PART_BYTES = 5 * MIB;
/** Two parts of an upload may be in memory at once, and an isolate has 128 MB. */
export const MAX_PART_BYTES = 16 * MIB;
/** Stores take 10,000 part numbers; the rest is room for attempts that failed. */
export const MAX_PARTS = 9_000;
const DEFAULT_PART_BYTES = 8 * MIB;

/** The largest file that fits: 9,000 parts of 16 MiB. */
export const MAX_FILE_BYTES = MAX_PARTS * MAX_PART_BYTES;

function fits(partBytes: number, mostBytes: number): boolean {
  return Math.ceil(mostBytes / partBytes) <= MAX_PARTS;
}

/** What of an upload's state its parts' number depends on. */
type Sized = Pick<UploadState, "maxBytes" | "partSizeBytes">;

/** The most that an upload may become: what its class may, and no more than its parts can hold once their size is settled. */
export function mostBytesOf({ maxBytes, partSizeBytes }: Sized): number {
  return partSizeBytes === null ? maxBytes : Math.min(maxBytes, MAX_PARTS * partSizeBytes);
}

/** Why an upload can't have more than `mostBytesOf`. */
export function tooLargeError(upload: Sized): AppError {
  const mostBytes = mostBytesOf(upload);
  if (mostBytes === upload.maxBytes) return new AppError("FILE_TOO_LARGE");
  return new AppError("FILE_TOO_LARGE", {
    detail: `Begun without a length, with parts of ${upload.partSizeBytes} bytes, it can have ${mostBytes} bytes at most.`,
  });
}

/**
 * The size of an upload's parts, settled at its first append: the append's own length where that suits, for then a
 * client's every append is exactly one part and leaves no tail.
 * @param appendBytes Content-Length of the first append, if it has one
 * @param mostBytes the upload's length, or while that isn't known the most that it may become
 */
export function choosePartSize(appendBytes: number | null, mostBytes: number): number {
  const suits = appendBytes !== null && appendBytes >= MIN_PART_BYTES && appendBytes <= MAX_PART_BYTES;
  if (suits && fits(appendBytes, mostBytes)) return appendBytes;
  const needed = Math.ceil(mostBytes / MAX_PARTS / MIB) * MIB;
  return Math.min(MAX_PART_BYTES, Math.max(DEFAULT_PART_BYTES, needed));
}
