/** Names of files: how a declared one becomes one that every system takes, and how names are searched and sorted by. */

/** Longest name, in bytes of UTF-8: what file systems take. */
export const MAX_NAME_BYTES = 255;
/** Longest declared name that is looked at and kept, in characters. */
export const MAX_ORIGINAL_NAME_LENGTH = 1024;

/** Controls, lone surrogates, line separators, and characters that change the direction of text and so hide an ending. */
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
/** What systems take for a path, and Windows for a stream or a device. */
const PATH = /[/\\:*?"<>|]/g;

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).byteLength;
}

/** Cuts whole characters, as people see them, off the end until at most `maxBytes` of UTF-8 are left. */
function cutTo(text: string, maxBytes: number): string {
  const graphemes = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  while (byteLength(graphemes.join("")) > maxBytes) graphemes.pop();
  return graphemes.join("");
}

/** A name that is too long loses the end of its stem and keeps its ending. */
function shorten(name: string): string {
  if (byteLength(name) <= MAX_NAME_BYTES) return name;
  const dot = name.lastIndexOf(".");
  const ending = dot > 0 && byteLength(name.slice(dot)) <= MAX_NAME_BYTES / 2 ? name.slice(dot) : "";
  const stem = ending === "" ? name : name.slice(0, dot);
  return cutTo(stem, MAX_NAME_BYTES - byteLength(ending)) + ending;
}

/**
 * A declared name as one that can be stored, shown and saved anywhere: NFC, no control or path characters, no white
 * space or dots around it, at most 255 bytes. Undefined where nothing of a name is left.
 */
export function normalizeFilename(declared: string): string | undefined {
  const visible = declared.normalize("NFC").replace(UNSAFE, "").replace(PATH, "_");
  const name = shorten(
    visible
      .replace(/\s+/gu, " ")
      .trim()
      .replace(/^\.{2,}|[. ]+$/gu, ""),
  );
  return /[^_.\s]/u.test(name) ? name : undefined;
}

/** A name as it is searched and sorted by: without case, marks and compatibility forms. */
export function foldName(name: string): string {
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** What is looked for in names, folded as they are. */
export interface SearchTerms {
  /** Each occurs somewhere in the name; none that another contains. */
  readonly words: readonly string[];
  /** What the name begins with, where that was too short to look for anywhere. */
  readonly prefix: string | undefined;
}

/** The shortest word that the search's index, of trigrams, can find. */
export const SEARCHED_LENGTH = 3;

/** Characters as Unicode counts them. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** What a search asks for. Nothing in it is syntax; names have no control characters, so those part words too. */
export function searchTermsOf(query: string): SearchTerms {
  const words = foldName(query)
    .split(/[\s\p{Cc}]+/u)
    .filter((word) => word !== "");
  const [first = ""] = words;
  if (words.length === 1 && lengthOf(first) < SEARCHED_LENGTH) return { words: [], prefix: first };
  const longestFirst = [...new Set(words)].toSorted((a, b) => b.length - a.length);
  const telling = longestFirst.filter((word, index) =>
    longestFirst.slice(0, index).every((longer) => !longer.includes(word)),
  );
  return { words: telling, prefix: undefined };
}
