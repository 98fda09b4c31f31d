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
const BEGINNING = /^(?:\ufeff|\u00ef\u00bb\u00bf)?\s*(?:<|$)/;
const DECLARED = /^(?:\ufeff|\u00ef\u00bb\u00bf)?\s*<\?xml\s/;
/** A declaration has a version, an encoding and one word more: one that is longer hides its encoding. */
const MAX_DECLARATION_CHARACTERS = 1_000;
const SECTION = "<![CDATA[";
const MARKUP = /<!--|<\?|<!\[CDATA\[/g;
const CLOSING: Readonly<Record<string, string>> = { "<!--": "-->", "<?": "?>", [SECTION]: "]]>" };
const ATTRIBUTE = /\s*([^\s=>/"'<]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_END = /\s*\/?>/y;
const ENTITY = /&(?:#0*(\d{1,7})|#x0*([0-9a-f]{1,6})|(lt|gt|amp|quot|apos));/gi;
/** Of the names looked for in one part. A document has thousands of relations or fields at most. */
const MAX_TAGS = 200_000;
const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The text of a part, as `readableXml` gives it. A document has no document type. */
export function decodeXml(bytes: Buffer): string {
  const text = readableXml(bytes);
  if (text.includes("<!DOCTYPE")) throw new NotLookedThrough("a document type");
  return text;
}

/** One character per byte, but of UTF-16; without comments and instructions, and with the text of sections as other text is. */
export function readableXml(bytes: Buffer): string {
  const text = decode(bytes);
  if (text.includes("\0") || !BEGINNING.test(text)) throw new NotLookedThrough("no text that is read as XML");
  if (!READABLE_ENCODING.test(encodingOf(text))) throw new NotLookedThrough("an encoding that isn't read");
  return withoutMarkup(text);
}

function encodingOf(text: string): string {
  if (!DECLARED.test(text)) return "utf-8";
  const end = text.slice(0, MAX_DECLARATION_CHARACTERS).indexOf("?>");
  if (end < 0) throw new NotLookedThrough("a declaration that is too long");
  return /\sencoding\s*=\s*["']([^"']*)/.exec(text.slice(0, end))?.[1] ?? "utf-8";
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

/** In the order of the document, as what looks like the one may be within another. */
function withoutMarkup(text: string): string {
  const pieces: string[] = [];
  let at = 0;
  const next = new RegExp(MARKUP);
  for (let match = next.exec(text); match !== null; match = next.exec(text)) {
    const [opening] = match;
    const closing = CLOSING[opening] ?? "";
    const from = match.index + opening.length;
    const end = text.indexOf(closing, from);
    if (end < 0) throw new NotLookedThrough("a comment, an instruction or a section without an end");
    if (match.index > at) pieces.push(text.slice(at, match.index));
    if (opening === SECTION) pieces.push(escape(text.slice(from, end)));
    at = end + closing.length;
    next.lastIndex = at;
  }
  return at === 0 ? text : pieces.join("") + text.slice(at);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
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
    const [key, value] = [localName(match[1] ?? ""), decodeEntities(match[2] ?? match[3] ?? "")];
    // Of two, from two namespaces, readers take the one that they know.
    if ((attributes.get(key) ?? value) !== value) throw new NotLookedThrough("two attributes of one name");
    attributes.set(key, value);
    end = ATTRIBUTE.lastIndex;
  }
  TAG_END.lastIndex = end;
  if (!TAG_END.test(text)) throw new NotLookedThrough("an element that isn't well formed");
  return { name, attributes, text: readText(text, TAG_END.lastIndex) };
}

/** As far as the next element. */
function readText(text: string, at: number): string {
  const next = text.indexOf("<", at);
  return decodeEntities(text.slice(at, next < 0 ? undefined : next));
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll(ENTITY, (whole, decimal?: string, hex?: string, named?: string) => {
    if (named !== undefined) return NAMED[named.toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
