import { endingOf } from "./endings.ts";

/** Names of files: how a declared one becomes one that every system takes, and how names are searched and sorted by. */

/** Longest name, in bytes of UTF-8: what file systems take. */
export const MAX_NAME_BYTES = 255;
/** Longest declared name that is looked at and kept, in characters. */
export const MAX_ORIGINAL_NAME_LENGTH = 1024;

/** Controls, lone surrogates, line separators, and characters that change the direction of text and so hide an ending. */
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;
/** What systems take for a path, and Windows for a stream or a pattern. */
const PATH = /[/\\:*?"<>|]/g;
/** What people see of a name, dots aside. */
const VISIBLE = /(?!\.)[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Co}]/u;
/** Two dots and more are a way up; one begins a name that some systems hide, and stays. */
const LEADING = /^(?:\.{2,}|\s|\.(?=\s))+/u;
/** Windows drops these without a word, and opens another file than was asked for. */
const TRAILING = /[.\s]+$/u;
/** Devices that Windows opens in the place of a file of that name, whatever its ending. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(?:\.|$)/iu;

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).byteLength;
}

/** As many of `pieces`, from the first on, as have `maxBytes` of UTF-8 at most. */
function takeWithin(pieces: Iterable<string>, maxBytes: number): string {
  let taken = "";
  let bytes = 0;
  for (const piece of pieces) {
    bytes += byteLength(piece);
    if (bytes > maxBytes) break;
    taken += piece;
  }
  return taken;
}

function* graphemesOf(text: string): Iterable<string> {
  for (const { segment } of new Intl.Segmenter().segment(text)) yield segment;
}

/** Cuts whole characters, as people see them, off the end until at most `maxBytes` of UTF-8 are left. */
function cutTo(text: string, maxBytes: number): string {
  // One that is longer than all there is room for, by its marks, loses some of them.
  return takeWithin(graphemesOf(text), maxBytes) || takeWithin(text, maxBytes);
}

/** A name that is too long loses the end of its stem and keeps its ending. */
function shorten(name: string): string {
  if (byteLength(name) <= MAX_NAME_BYTES) return name;
  const last = endingOf(name);
  const ending = byteLength(last) <= MAX_NAME_BYTES / 2 ? last : "";
  const stem = ending === "" ? name : name.slice(0, -ending.length);
  return cutTo(stem, MAX_NAME_BYTES - byteLength(ending)).replace(TRAILING, "") + ending;
}

/**
 * A declared name as one that can be stored, shown and saved anywhere: NFC, no control or path characters, no white
 * space or dots around it, no device of Windows', at most 255 bytes. Undefined where nothing of a name is left.
 */
export function normalizeFilename(declared: string): string | undefined {
  // In this order: what is taken away may have kept marks from the letter that they compose with.
  const safe = declared.replace(UNSAFE, "").normalize("NFC");
  if (!VISIBLE.test(safe.replace(PATH, ""))) return undefined;
  const name = safe.replace(PATH, "_").replace(/\s+/gu, " ").replace(LEADING, "").replace(TRAILING, "");
  return shorten(DEVICE.test(name) ? `_${name}` : name);
}

/** A name with the ending of another, by the rules that hold for all: a name that was safe by itself stays it so. */
export function withEndingOf(name: string, other: string): string {
  const [own, wanted] = [endingOf(name), endingOf(other)];
  const isLike = wanted === "" || own.toLowerCase() === wanted.toLowerCase();
  const stem = own === "" ? name : name.slice(0, -own.length);
  return normalizeFilename(isLike ? name : `${stem}${wanted}`) ?? name;
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
