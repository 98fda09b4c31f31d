/**
 * As much of XML and XHTML as a book's cover and words are found by. It is read right here and by no library, in time that
 * grows with its length alone, whatever is in it: no pattern may run from one "<" over the next.
 */

export type Attributes = ReadonlyMap<string, string>;

/** The attributes of every element of a name, with whatever prefix, in their order. */
export function findElements(xml: string, name: string): readonly Attributes[] {
  const tags = xml.matchAll(new RegExp(`<(?:[\\w-]{1,40}:)?${name}(\\s[^<>]*)?>`, "g"));
  return [...tags].map(([, inside = ""]) => readAttributes(inside));
}

/** The words in the first element of a name that has nothing but words. */
export function findWords(xml: string, name: string): string | undefined {
  const found = new RegExp(`<(?:[\\w-]{1,40}:)?${name}(?:\\s[^<>]*)?>([^<>]*)</`).exec(xml);
  return found?.[1] === undefined ? undefined : decode(found[1]);
}

function readAttributes(inside: string): Attributes {
  const pairs = inside.matchAll(/([\w:.-]{1,60})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)')/g);
  return new Map(
    [...pairs].map(([, key = "", double, single]) => [key, decode(double ?? single ?? "")] as const),
  );
}

/** What a page says, a line for each block. */
export function textOf(xhtml: string): string {
  const body = xhtml.slice(Math.max(0, xhtml.search(/<body[\s>]/i)));
  return decode(
    withoutElements(withoutElements(body, "style"), "script")
      .replaceAll(/\s+/g, " ")
      .replaceAll(/<(?:br|\/(?:p|div|h[1-6]|li|tr|blockquote|section))\b[^<>]*>/gi, "\n")
      .replaceAll(/<[^<>]*>/g, ""),
  )
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}

function withoutElements(text: string, name: string): string {
  const lower = text.toLowerCase();
  const kept: string[] = [];
  let at = 0;
  while (at < text.length) {
    const begins = lower.indexOf(`<${name}`, at);
    kept.push(text.slice(at, begins < 0 ? undefined : begins));
    const ends = begins < 0 ? -1 : lower.indexOf(`</${name}>`, begins);
    at = ends < 0 ? text.length : ends + name.length + 3;
  }
  return kept.join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " },
  ...{ ndash: "–", mdash: "—", hellip: "…", lsquo: "‘", rsquo: "’", ldquo: "“", rdquo: "”" },
};

/** What isn't known stays as it is. */
function decode(text: string): string {
  return text.replaceAll(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(\w{2,8}));/gi, (whole, hex, decimal, name) => {
    if (typeof name === "string") return ENTITIES[name] ?? whole;
    const code = typeof hex === "string" ? Number.parseInt(hex, 16) : Number(decimal);
    const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    return isCharacter ? String.fromCodePoint(code) : "";
  });
}
