/** What identifies and dates a representation, for conditional requests. */
export interface Validators {
  /** Strong, with its quotes. */
  readonly etag: string;
  readonly lastModifiedMs: number;
}

function stripWeak(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}

/** Entity tags of a list; commas may stand within quotes. */
function parseTags(header: string): readonly string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? [];
}

/** HTTP dates have whole seconds, so a representation's own date is cut to them. */
function isNotAfter(lastModifiedMs: number, headerDate: string): boolean {
  const dateMs = Date.parse(headerDate);
  return !Number.isNaN(dateMs) && Math.floor(lastModifiedMs / 1000) * 1000 <= dateMs;
}

/**
 * Whether the caller's copy is still good, so that 304 is the answer (RFC 9110, 13.1.2 and 13.1.3): `If-None-Match`
 * compares weakly and, where it is there, `If-Modified-Since` is not looked at.
 */
export function isNotModified(headers: Headers, validators: Validators): boolean {
  const noneMatch = headers.get("If-None-Match");
  if (noneMatch !== null) {
    return noneMatch.trim() === "*" || parseTags(noneMatch).some((tag) => stripWeak(tag) === validators.etag);
  }
  const since = headers.get("If-Modified-Since");
  return since !== null && isNotAfter(validators.lastModifiedMs, since);
}

/**
 * Whether a `Range` counts (RFC 9110, 13.1.5): without `If-Range` it does; with one, only for the very representation it
 * names, by a strong tag or its exact date.
 */
export function isRangeWanted(headers: Headers, validators: Validators): boolean {
  const ifRange = headers.get("If-Range");
  if (ifRange === null) return true;
  if (ifRange.startsWith('"')) return ifRange === validators.etag;
  const dateMs = Date.parse(ifRange);
  return dateMs === Math.floor(validators.lastModifiedMs / 1000) * 1000;
}
