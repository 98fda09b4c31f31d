import { NotLookedThrough } from "./findings.ts";

/**
 * Finds elements in the XML of documents, without a parser: what is looked for are a few names, and the bytes are hostile.
 * Linear in the text, whatever is in it. Throws NotLookedThrough at what could hide something.
 */

/** An element's start: its local name, its attributes by theirs, and the text that follows. */
export interface XmlTag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly text: string;
}

// Of these, all that is looked for has one byte that is the same in each.
const READABLE_ENCODING = /^(?:utf-?8|us-ascii|iso-8859-\d+|windows-125\d|utf-16)$/i;
const ATTRIBUTE = /\s*([^\s=>/"'<]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_END = /\s*\/?>/y;
const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(lt|gt|amp|quot|apos));/gi;
/** Of the names looked for in one part. A document has thousands of relations or fields at most. */
const MAX_TAGS = 200_000;
const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** One character per byte, but of UTF-16; without comments. */
export function decodeXml(bytes: Buffer): string {
  const text = decode(bytes);
  const encoding = /^[^<]{0,4}<\?xml[^>]{0,200}\sencoding\s*=\s*["']([^"']{1,40})/.exec(text)?.[1] ?? "utf-8";
  if (!READABLE_ENCODING.test(encoding)) throw new NotLookedThrough("an encoding that isn't read");
  if (text.includes("<!DOCTYPE")) throw new NotLookedThrough("a document type");
  return withoutComments(text);
}

function decode(bytes: Buffer): string {
  const isBigEndian = (bytes[0] === 0xfe && bytes[1] === 0xff) || (bytes[0] === 0 && bytes[1] === 0x3c);
  if (isBigEndian)
    return Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString("utf16le");
  const isLittleEndian = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0x3c && bytes[1] === 0);
  return bytes.toString(isLittleEndian ? "utf16le" : "latin1");
}

function withoutComments(text: string): string {
  const pieces: string[] = [];
  let at = 0;
  for (let start = text.indexOf("<!--"); start >= 0; start = text.indexOf("<!--", at)) {
    pieces.push(text.slice(at, start));
    const end = text.indexOf("-->", start + 4);
    if (end < 0) throw new NotLookedThrough("a comment without an end");
    at = end + 3;
  }
  return at === 0 ? text : pieces.join("") + text.slice(at);
}

/** The elements of some local names, whatever their prefixes, as they are asked for: there may be millions. */
export function* findTags(text: string, names: readonly string[]): Generator<XmlTag> {
  const start = new RegExp(`<(?:[^\\s<>:/"'=]*:)?(${names.join("|")})(?=[\\s/>])`, "g");
  let count = 0;
  for (const match of text.matchAll(start)) {
    count += 1;
    if (count > MAX_TAGS) throw new NotLookedThrough("too many elements of these names");
    yield readTag(text, match.index + match[0].length, match[1] ?? "");
  }
}

function readTag(text: string, at: number, name: string): XmlTag {
  const attributes = new Map<string, string>();
  ATTRIBUTE.lastIndex = at;
  let end = at;
  for (let match = ATTRIBUTE.exec(text); match !== null; match = ATTRIBUTE.exec(text)) {
    attributes.set(localName(match[1] ?? ""), decodeEntities(match[2] ?? match[3] ?? ""));
    end = ATTRIBUTE.lastIndex;
  }
  TAG_END.lastIndex = end;
  if (!TAG_END.test(text)) throw new NotLookedThrough("an element that isn't well formed");
  return { name, attributes, text: readText(text, TAG_END.lastIndex) };
}

const CDATA = "<![CDATA[";

/** As far as the next element. */
function readText(text: string, at: number): string {
  const pieces: string[] = [];
  for (let from = at; ;) {
    const next = text.indexOf("<", from);
    pieces.push(decodeEntities(text.slice(from, next < 0 ? undefined : next)));
    if (next < 0 || !text.startsWith(CDATA, next)) return pieces.join("");
    const end = text.indexOf("]]>", next);
    if (end < 0) throw new NotLookedThrough("a section without an end");
    pieces.push(text.slice(next + CDATA.length, end));
    from = end + 3;
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll(ENTITY, (whole, decimal?: string, hex?: string, named?: string) => {
    if (named !== undefined) return NAMED[named.toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
