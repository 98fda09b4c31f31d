import { createReadStream } from "node:fs";
import { readHead } from "../documents/scan-file.ts";
import { findUnicode, guessEncoding } from "./encoding.ts";

export interface ReadText {
  /** Of the file's first bytes, to the last whole character. */
  readonly head: string;
  /** Whether there is more of it. */
  readonly isCut: boolean;
  /** As the Encoding Standard names it. */
  readonly encoding: string;
  readonly lines: number;
}

/** By how much an encoding is guessed. */
const GUESS_BYTES = 64 * 1024;

/**
 * Reads a text: its beginning, in what encoding it is, and how many lines it has. Undefined if it is none. Memory: its
 * beginning, and a piece of the rest.
 */
export async function readText(path: string, headBytes: number): Promise<ReadText | undefined> {
  const bytes = await readHead(path, headBytes + 1);
  const isCut = bytes.byteLength > headBytes;
  const { encoding, lines } = await readThrough(path, bytes.subarray(0, GUESS_BYTES));
  const head = new TextDecoder(encoding).decode(bytes.subarray(0, headBytes), { stream: isCut });
  return isText(head) ? { head, isCut, encoding, lines } : undefined;
}

/** Strictly as UTF-8 where nothing else is told; what isn't that to its end is something else. */
async function readThrough(path: string, head: Buffer): Promise<{ encoding: string; lines: number }> {
  const told = findUnicode(head);
  const strict = told === undefined ? await countLines(path, "utf-8", true) : undefined;
  if (strict !== undefined) return { encoding: "utf-8", lines: strict };
  const encoding = told ?? guessEncoding(head);
  return { encoding, lines: (await countLines(path, encoding, false)) ?? 0 };
}

/** Undefined where a strict reader finds bytes that it doesn't know. */
async function countLines(path: string, encoding: string, fatal: boolean): Promise<number | undefined> {
  const decoder = new TextDecoder(encoding, { fatal });
  const counter = new LineCounter();
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      counter.push(decoder.decode(chunk, { stream: true }));
    }
    counter.push(decoder.decode());
    return counter.lines;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Ends of lines are LF, CR LF, or CR as old Macs had. */
class LineCounter {
  #ends = 0;
  #last = "";

  push(text: string): void {
    if (text === "") return;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#ends += 1;
    for (let at = text.indexOf("\r"); at >= 0; at = text.indexOf("\r", at + 1)) {
      if (text[at + 1] !== "\n") this.#ends += 1;
    }
    // A pair that lies over the border of two pieces was counted twice.
    if (this.#last === "\r" && text.startsWith("\n")) this.#ends -= 1;
    this.#last = text.at(-1) ?? "";
  }

  get lines(): number {
    return this.#ends + (this.#last === "" || this.#last === "\n" || this.#last === "\r" ? 0 : 1);
  }
}

/** Texts have no zeros, and hardly a control character beside white space (and the escapes of a terminal's log). */
function isText(head: string): boolean {
  const controls = head.replaceAll("\u001b", "").match(/(?!\s)\p{Cc}|\ufffd/gu)?.length ?? 0;
  return !head.includes("\0") && controls <= head.length / 50;
}
