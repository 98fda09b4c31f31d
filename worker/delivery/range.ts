/** What a `Range` header asks of a representation of known size (RFC 9110, section 14). */
export type RangeRequest =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly offset: number; readonly length: number }
  | { readonly kind: "unsatisfiable" };

const WHOLE: RangeRequest = { kind: "whole" };
const UNSATISFIABLE: RangeRequest = { kind: "unsatisfiable" };
/** More digits than any size we store has, and few enough for a number to hold. */
const SINGLE_RANGE = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i;

/**
 * Reads a `Range` header. A header that is malformed, in another unit or for several ranges is ignored, as a server may
 * (RFC 9110, 14.2): the whole is a right answer to it.
 */
export function parseRange(header: string | null, sizeBytes: number): RangeRequest {
  const match = header === null ? null : SINGLE_RANGE.exec(header);
  if (match === null) return WHOLE;
  const [, first = "", last = ""] = match;
  if (first === "") return last === "" ? WHOLE : suffixRange(Number(last), sizeBytes);
  const offset = Number(first);
  const end = last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== "" && Number(last) < offset) return WHOLE;
  if (offset >= sizeBytes) return UNSATISFIABLE;
  return { kind: "part", offset, length: end - offset + 1 };
}

function suffixRange(suffixBytes: number, sizeBytes: number): RangeRequest {
  if (suffixBytes === 0 || sizeBytes === 0) return UNSATISFIABLE;
  const length = Math.min(suffixBytes, sizeBytes);
  return { kind: "part", offset: sizeBytes - length, length };
}
