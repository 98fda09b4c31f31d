import { posix } from "node:path";
import { openPromise, type Entry, type ZipFile } from "yauzl";
import { findElements, findWords, textOf } from "./markup.ts";

/** What is taken of a book (EPUB 3.3; of EPUB 2, OPF 2.0.1). */
export interface Book {
  readonly title: string | undefined;
  readonly author: string | undefined;
  /** A picture of some kind, as it is in the file. */
  readonly cover: Buffer | undefined;
  /** Of its first pages. */
  readonly text: string;
}

const MIB = 2 ** 20;
const MAX_ENTRIES = 20_000;
/** Of the files in it, unpacked: one that is larger is as if it weren't there. */
const MAX_MARKUP_BYTES = 2 * MIB;
const MAX_COVER_BYTES = 20 * MIB;
/** Chapters that are read: with the bound on text, a few seconds' work at most. */
const MAX_CHAPTERS = 50;

/**
 * Reads a book.
 * @param maxTextLength no more chapters are read when there are so many characters
 * @returns undefined where it is none, or is damaged
 */
export async function readBook(path: string, maxTextLength: number): Promise<Book | undefined> {
  try {
    const zip = await openPromise(path, { autoClose: false });
    try {
      return await readOpen(zip, maxTextLength);
    } finally {
      zip.close();
    }
  } catch {
    return undefined;
  }
}

type ReadFile = (name: string, maxBytes: number) => Promise<Buffer | undefined>;

async function readOpen(zip: ZipFile, maxTextLength: number): Promise<Book | undefined> {
  if (zip.entryCount > MAX_ENTRIES) return undefined;
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  const read: ReadFile = async (name, maxBytes) => {
    const entry = entries.get(name);
    if (entry === undefined || entry.isEncrypted() || entry.uncompressedSize > maxBytes) return undefined;
    return readEntry(zip, entry);
  };
  const container = (await read("META-INF/container.xml", MAX_MARKUP_BYTES))?.toString() ?? "";
  const packagePath = findElements(container, "rootfile")[0]?.get("full-path");
  const opf = packagePath && (await read(packagePath, MAX_MARKUP_BYTES))?.toString();
  if (packagePath === undefined || opf === undefined || opf === "") return undefined;
  const coverPath = findCover(opf, packagePath);
  return {
    title: findWords(opf, "title"),
    author: findWords(opf, "creator"),
    cover: coverPath === undefined ? undefined : await read(coverPath, MAX_COVER_BYTES),
    text: await readText(opf, packagePath, read, maxTextLength),
  };
}

/** yauzl ends it where it is longer than it says. */
async function readEntry(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const stream = (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>;
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** By its property, as EPUB 3 has it, or by a `meta` of EPUB 2. */
function findCover(opf: string, packagePath: string): string | undefined {
  const items = findElements(opf, "item");
  const id = findElements(opf, "meta")
    .find((meta) => meta.get("name") === "cover")
    ?.get("content");
  const item =
    items.find((each) => each.get("properties")?.split(/\s+/).includes("cover-image")) ??
    items.find((each) => id !== undefined && each.get("id") === id);
  return resolve(item?.get("href"), packagePath);
}

async function readText(
  opf: string,
  packagePath: string,
  read: ReadFile,
  maxLength: number,
): Promise<string> {
  const hrefs = new Map(findElements(opf, "item").map((item) => [item.get("id"), item.get("href")]));
  const chapters: string[] = [];
  let length = 0;
  for (const itemref of findElements(opf, "itemref").slice(0, MAX_CHAPTERS)) {
    const path = resolve(hrefs.get(itemref.get("idref")), packagePath);
    const bytes = path === undefined ? undefined : await read(path, MAX_MARKUP_BYTES);
    const text = bytes === undefined ? "" : textOf(bytes.toString());
    if (text !== "") chapters.push(text);
    length += text.length;
    if (length >= maxLength) break;
  }
  return chapters.join("\n\n");
}

/** A path in the archive; it leads nowhere else, for nothing but its entries is looked up by it. */
function resolve(href: string | undefined, packagePath: string): string | undefined {
  if (href === undefined) return undefined;
  try {
    const [path = ""] = decodeURIComponent(href).split("#", 1);
    return posix.join(posix.dirname(packagePath), path);
  } catch {
    return undefined;
  }
}
