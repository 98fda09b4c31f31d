/** Of a line without an end: what is longer comes in pieces. */
const MAX_PIECE = 64 * 1024;

/** A line of a mail, or a piece of one that is very long. */
export interface MailLine {
  readonly text: string;
  /** False for the further pieces of a line. */
  readonly isStart: boolean;
}

/** Cuts bytes, as they come, into lines as the most lenient mail program does: a CR alone ends one too. */
export class MailLines {
  readonly #take: (line: MailLine) => void;
  #rest = "";
  #isStart = true;
  /** Whether a line was ended by a CR alone. */
  hasBareReturn = false;

  /** @param take given each line, one character a byte, without its end */
  constructor(take: (line: MailLine) => void) {
    this.#take = take;
  }

  push(chunk: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = chunk;
    const text = this.#rest + Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
    let at = 0;
    for (const { index, 0: end } of text.matchAll(/\r\n|[\r\n]/g)) {
      // Its second half may be the next chunk's.
      if (end === "\r" && index === text.length - 1) break;
      if (end === "\r") this.hasBareReturn = true;
      this.#give(text.slice(at, index), true);
      at = index + end.length;
    }
    this.#rest = text.slice(at);
    if (this.#rest.length > MAX_PIECE) this.#givePiece();
  }

  /** All has come. */
  finish(): void {
    const hasReturn = this.#rest.endsWith("\r");
    if (hasReturn) this.hasBareReturn = true;
    this.#give(hasReturn ? this.#rest.slice(0, -1) : this.#rest, true);
    this.#rest = "";
  }

  #givePiece(): void {
    const kept = this.#rest.endsWith("\r") ? "\r" : "";
    this.#give(this.#rest.slice(0, this.#rest.length - kept.length), false);
    this.#rest = kept;
  }

  #give(text: string, isEnd: boolean): void {
    this.#take({ text, isStart: this.#isStart });
    this.#isStart = isEnd;
  }
}
