import type { ActiveContent } from "#contract/active-content.ts";
import { type Findings, NotLookedThrough } from "./findings.ts";
import { isRemote } from "./open-xml.ts";
import { readText } from "./read-text.ts";

/**
 * What is active in Rich Text (RTF 1.9.1). Its text may be in escapes, in groups and between control words, so what a field or
 * a template says is put together as a reader does, as far as it is asked for. Linear in the text.
 */

const OBJECTS: ReadonlySet<string> = new Set(
  ["data", "emb", "link", "autlink", "update", "ocx", "html"].map((kind) => `obj${kind}`),
);
const DDE = /^\s*DDE(?:AUTO)?\b/i;
/** Of what a field or a template says. */
const KEPT_CHARACTERS = 512;
const MAX_GROUPS = 10_000;
/** A brace, a control word with the space that ends it, an escape, another control symbol, or text. */
const TOKEN = /([{}])|\\([a-z]+)(-?\d+)? ?|\\'([0-9a-f]{2})|\\([^])|([^{}\\]+)/giy;

/** What is put together of a destination. */
interface Said {
  readonly what: "field" | "template";
  text: string;
}

/** A group, in what it has of its own and from the ones around it. */
interface Group {
  readonly said: Said | undefined;
  /** How many characters stand for one in Unicode, for readers that know none. */
  readonly fallback: number;
}

/** Reads one text. */
class RichTextReader {
  readonly found = new Set<ActiveContent>();
  readonly #groups: Group[] = [];
  #group: Group = { said: undefined, fallback: 1 };
  #skipped = 0;

  read(text: string): void {
    for (const token of text.matchAll(TOKEN)) this.#take(token);
    while (this.#groups.length > 0) this.#close();
  }

  #take([, brace, word, parameter, hex, symbol, text]: RegExpExecArray): void {
    if (brace === "{") return this.#open();
    if (brace === "}") return this.#close();
    if (word !== undefined) return this.#takeWord(word.toLowerCase(), parameter);
    if (hex !== undefined) return this.#say(String.fromCodePoint(Number.parseInt(hex, 16)));
    if (text !== undefined) return this.#say(text.replaceAll(/[\r\n]/g, ""));
    // Readers pass over such a group if they don't know it, so what it says is no part of what is around it.
    if (symbol === "*") return this.#begin(this.#group.said?.what);
    if (symbol === "\\" || symbol === "{" || symbol === "}") this.#say(symbol);
  }

  #open(): void {
    if (this.#groups.length >= MAX_GROUPS) throw new NotLookedThrough("too many groups");
    this.#skipped = 0;
    this.#groups.push(this.#group);
  }

  #close(): void {
    const around = this.#groups.pop() ?? { said: undefined, fallback: 1 };
    const { said } = this.#group;
    if (said !== undefined && said !== around.said) this.#judge(said);
    this.#skipped = 0;
    this.#group = around;
  }

  #begin(what: Said["what"] | undefined): void {
    if (this.#group.said !== undefined) this.#judge(this.#group.said);
    this.#group = { ...this.#group, said: what && { what, text: "" } };
  }

  #judge({ what, text }: Said): void {
    if (what === "field" && DDE.test(text)) this.found.add("dde");
    if (what === "template" && isRemote(text)) this.found.add("external-template");
  }

  #takeWord(word: string, parameter: string | undefined): void {
    if (OBJECTS.has(word)) this.found.add("embedded-files");
    // In the place of characters it counts as one.
    this.#skipped = Math.max(this.#skipped - 1, 0);
    if (word === "fldinst") this.#begin("field");
    if (word === "template") this.#begin("template");
    if (word === "uc") this.#group = { ...this.#group, fallback: Number(parameter ?? 1) };
    if (word === "u") this.#sayUnicode(Number(parameter ?? 0));
    // Bytes as they are, which may be braces.
    if (word === "bin" && this.#group.said !== undefined) throw new NotLookedThrough("bytes in a field");
  }

  #sayUnicode(code: number): void {
    this.#skipped = 0;
    this.#say(String.fromCodePoint(code & 0xffff));
    this.#skipped = this.#group.fallback;
  }

  #say(text: string): void {
    const skipped = Math.min(this.#skipped, text.length);
    this.#skipped -= skipped;
    const { said } = this.#group;
    if (said !== undefined)
      said.text = (said.text + text.slice(skipped)).trimStart().slice(0, KEPT_CHARACTERS);
  }
}

/** Throws NotLookedThrough. */
export async function lookIntoRichText(path: string): Promise<Findings> {
  const reader = new RichTextReader();
  reader.read((await readText(path)).toString("latin1"));
  return { active: [...reader.found], isComplete: true };
}
