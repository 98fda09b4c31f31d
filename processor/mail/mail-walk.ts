import { type MailLine, MailLines } from "./mail-lines.ts";

/**
 * Whether a mail is one that the scanner reads as mail programs do (RFC 5322, RFC 2045). clamd 1.4.6 was seen to answer OK
 * to malware in an attachment where a CR alone ends lines, where `=` stands in the middle of base64, and in a mail that is
 * itself attached in base64; Python's parser reads the first two, some programs the last. Bytes are given as they come;
 * nothing of a content is kept.
 */

const MAIL_TYPE = "message/rfc822";
/** What knows no more of a mail says this. */
const TEXT_TYPE = "text/plain";
const FIRST_LINE = /^(?:From |[!-9;-~]+[ \t]*:)/;
const HEADER = /^[!-9;-~]+[ \t]*:/;
/** RFC 5322, 2.2.3: what goes on with the line before. */
const CONTINUED = /^[ \t]/;
const ENCODING = /^content-transfer-encoding[ \t]*:/i;
const CONTENT_TYPE = /^content-type[ \t]*:/i;
const BOUNDARY = /[; \t]boundary[ \t]*=[ \t]*(?:"([^"]*)"|([^\s;"]+))/i;
/** Of one of the two headers above, continued; names and parameters take some hundred. */
const MAX_HEADER = 16 * 1024;
/** Parts in parts: the scanner goes to 17. */
const MAX_DEPTH = 100;

/** What the headers of a part have told so far. */
interface Headers {
  isBase64: boolean;
  isMessage: boolean;
  boundary: string | undefined;
}

const NO_HEADERS: Readonly<Headers> = { isBase64: false, isMessage: false, boundary: undefined };

export class MailWalk {
  readonly #lines = new MailLines((line) => this.#read(line));
  /** Undefined until the first line has come. */
  #isMail: boolean | undefined;
  #fault: string | undefined;
  /** Whether anything is encoded: else the scanner finds malware wherever a line ends. */
  #hasEncoded = false;
  /** The header that the line before belongs to, where it matters. */
  #header: string | undefined;
  #headers: Headers = { ...NO_HEADERS };
  /** Those of the parts around, the outermost first. */
  #boundaries: string[] = [];
  #body: "text" | "base64" | "padded" = "text";

  constructor(declaredType?: string) {
    if (declaredType === MAIL_TYPE) this.#isMail = true;
    else if (declaredType !== TEXT_TYPE) this.#isMail = false;
  }

  push(chunk: Uint8Array): void {
    if (this.#isMail !== false && this.#fault === undefined) this.#lines.push(chunk);
  }

  /** The name of what is wrong, when all has come; undefined where nothing is, or it is no mail. */
  finish(): string | undefined {
    if (this.#isMail === false) return undefined;
    this.#lines.finish();
    const isUnclear = this.#lines.hasBareReturn && this.#hasEncoded;
    return this.#fault ?? (isUnclear ? "Mail.LineEnds" : undefined);
  }

  #read({ text, isStart }: MailLine): void {
    this.#isMail ??= FIRST_LINE.test(text);
    if (!this.#isMail || this.#fault !== undefined) return;
    if (isStart && text.startsWith("--") && this.#passBoundary(text)) return;
    if (this.#body !== "text") this.#readBase64(text);
    else if (isStart) this.#readText(text);
  }

  /** Ends the part, where the line is the boundary of one around it. */
  #passBoundary(text: string): boolean {
    const line = text.slice(2).trimEnd();
    const depth = this.#boundaries.findLastIndex((boundary) => line === boundary || line === `${boundary}--`);
    if (depth < 0) return false;
    this.#boundaries.length = line === this.#boundaries[depth] ? depth + 1 : depth;
    this.#header = undefined;
    this.#headers = { ...NO_HEADERS };
    this.#body = "text";
    return true;
  }

  /** Padding ends base64 (RFC 2045, 6.8): some stop there, others go on. */
  #readBase64(text: string): void {
    const padding = this.#body === "padded" ? 0 : text.indexOf("=");
    if (padding < 0) return;
    this.#body = "padded";
    if (/[^=\s]/.test(text.slice(padding))) this.#fail("Mail.Base64");
  }

  /** A line of headers, or of a text; headers in a text count too, as of a mail in it. */
  #readText(text: string): void {
    if (CONTINUED.test(text)) return this.#header === undefined ? undefined : this.#extendHeader(text);
    this.#endHeader();
    if (!HEADER.test(text)) return this.#endHeaders(text);
    if (ENCODING.test(text) || CONTENT_TYPE.test(text)) this.#extendHeader(text);
  }

  #extendHeader(text: string): void {
    this.#header = `${this.#header ?? ""}${text}`;
    if (this.#header.length > MAX_HEADER) this.#fail("Mail.Header");
  }

  #endHeader(): void {
    const header = this.#header;
    this.#header = undefined;
    if (header === undefined) return;
    if (ENCODING.test(header)) {
      this.#hasEncoded ||= /base64|quoted-printable/i.test(header);
      this.#headers.isBase64 ||= /base64/i.test(header);
      return;
    }
    const [, quoted, plain] = BOUNDARY.exec(header) ?? [];
    this.#headers.boundary ??= (quoted ?? plain)?.trimEnd();
    this.#headers.isMessage ||= /:[\s"]*message\//i.test(header);
  }

  /** What `text`, which is no header, ends; it may be the first line of a body. */
  #endHeaders(text: string): void {
    const { isBase64, isMessage, boundary } = this.#headers;
    this.#headers = { ...NO_HEADERS };
    if (isBase64 && isMessage) return this.#fail("Mail.Message");
    if (isBase64) {
      this.#body = "base64";
      return this.#readBase64(text);
    }
    if (boundary !== undefined) this.#boundaries.push(boundary);
    if (this.#boundaries.length > MAX_DEPTH) this.#fail("Mail.Depth");
  }

  #fail(fault: string): void {
    this.#fault ??= fault;
  }
}
