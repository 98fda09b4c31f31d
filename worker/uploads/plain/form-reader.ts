import { decodeField, make, type PartInfo } from "multipasta";
import { CLIENT_SILENCE_MS, TICK_MS } from "../writing/times.ts";

/** What came of reading on in a form (RFC 7578). A client that goes away and a bad form are data, not exceptions. */
export type FormEvent =
  | { readonly kind: "field"; readonly name: string; readonly value: string }
  | { readonly kind: "file"; readonly filename: string; readonly contentType: string }
  /** Bytes of the last file begun; theirs to keep. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "end" }
  | { readonly kind: "malformed"; readonly detail: string }
  | { readonly kind: "cut" };

/** Memory of one read, and with what the parser keeps of it the most that a form ever holds. */
const READ_BYTES = 64 * 1024;
/** Everything that isn't the file: boundaries, headers, fields, and what stands before and after the form. */
const MAX_OVERHEAD_BYTES = 128 * 1024;
/** As long as Upload-Metadata may be in all. */
const MAX_FIELD_BYTES = 8 * 1024;
const MAX_PARTS = 100;
const SILENT_TICKS = Math.ceil(CLIENT_SILENCE_MS / TICK_MS);

/** RFC 2046, 5.1.1: `bchars`, 70 of them at most. */
const BOUNDARY =
  /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+,./:=?-]{1,70}))\s*(?:;|$)/i;

export function isForm(contentType: string | null): boolean {
  return /^multipart\/form-data\s*(?:;|$)/i.test(contentType ?? "");
}

const DASH = 0x2d;

/** Parameters of a part's Content-Disposition. Browsers write `%22` for a quote, and all else as it is (HTML, 4.10.21.8). */
function dispositionOf({ headers }: PartInfo): ReadonlyMap<string, string> {
  const header = headers["content-disposition"];
  const parameters = new Map<string, string>();
  if (typeof header !== "string" || !/^\s*form-data\s*;/i.test(header)) return parameters;
  for (const match of header.matchAll(/;\s*([\w-]+\*?)\s*=\s*(?:"((?:\\"|[^"])*)"|([^\s;"]*))/g)) {
    const [, name = "", quoted, token = ""] = match;
    parameters.set(name.toLowerCase(), quoted === undefined ? token : unescapeQuoted(quoted));
  }
  return parameters;
}

function unescapeQuoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '\\"': '"', "%22": '"', "%0D": "\r", "%0A": "\n" };
  return text.replace(/\\"|%22|%0D|%0A/gi, (found) => escapes[found.toUpperCase()] ?? found);
}

/** RFC 5987 in a form is against RFC 7578, and some libraries write it: then multipasta has decoded it. */
function filenameOf(info: PartInfo, parameters: ReadonlyMap<string, string>): string | undefined {
  return parameters.has("filename*") ? info.filename : parameters.get("filename");
}

/**
 * Reads a form as it comes, never more of it than `READ_BYTES` at once: nobody reads on until the bytes before were
 * taken. It wraps multipasta (docs/decisions/0019), which has three faults that matter here (0.2.8): it doesn't understand parts whose name
 * has a character above U+00FF, takes the last boundary for another when its two dashes come in two chunks, and keeps
 * silent about a form that ends within a part's headers.
 */
export class FormReader {
  readonly #reader: ReadableStreamBYOBReader | undefined;
  readonly #parser: ReturnType<typeof make> | undefined;
  readonly #events: FormEvent[] = [];
  /** Dashes that a chunk ended with: they are written together with what follows. */
  #heldDashes = 0;
  #overheadBytes = 0;
  #isReading = false;
  /** One timer for the whole form, as for any body (times.ts). */
  #ticking: ReturnType<typeof setInterval> | undefined;
  #idleTicks = 0;
  /** `done` from the last boundary to the body's end; then, or from the first fault on, it is over. */
  #phase: "open" | "done" | "over" = "open";
  /** What the reading came to: told to whoever asks after it. */
  #last: FormEvent | undefined;

  constructor(request: Request) {
    this.#reader = request.body?.getReader({ mode: "byob" });
    this.#parser = this.#makeParser(request.headers.get("Content-Type") ?? "");
  }

  async read(): Promise<FormEvent> {
    for (;;) {
      const event = this.#events.shift() ?? this.#last;
      if (event !== undefined) return event;
      await this.#readOn();
    }
  }

  /** Leaves what was not read to the request; lets go of it where a read waits for more. */
  leave(): void {
    this.#stopTicking();
    if (this.#isReading) this.#reader?.cancel().catch(() => {});
    else this.#reader?.releaseLock();
  }

  #makeParser(contentType: string): ReturnType<typeof make> | undefined {
    const match = BOUNDARY.exec(contentType);
    const boundary = match?.[1] ?? match?.[2];
    if (boundary === undefined) {
      this.#fail("Its Content-Type names no boundary.");
      return undefined;
    }
    return make({
      headers: { "content-type": `multipart/form-data; boundary="${boundary}"` },
      isFile: (info) => filenameOf(info, dispositionOf(info)) !== undefined,
      maxParts: MAX_PARTS,
      maxFieldSize: MAX_FIELD_BYTES,
      onField: (info, value) => this.#onField(info, value),
      onFile: (info) => this.#onFile(info),
      onError: (error) => this.#fail(describe(error)),
      onDone: () => {
        if (this.#phase === "open") this.#phase = "done";
      },
    });
  }

  #onField(info: PartInfo, value: Uint8Array): void {
    const name = dispositionOf(info).get("name");
    if (name === undefined) this.#fail("A part has no name.");
    else this.#push({ kind: "field", name, value: decodeField(info, value) });
  }

  #onFile(info: PartInfo): (chunk: Uint8Array | null) => void {
    const parameters = dispositionOf(info);
    const filename = filenameOf(info, parameters) ?? "";
    if (!parameters.has("name")) this.#fail("A part has no name.");
    this.#push({ kind: "file", filename, contentType: typeOf(info) });
    return (bytes) => {
      if (bytes === null) return;
      this.#overheadBytes -= bytes.byteLength;
      this.#push({ kind: "bytes", bytes });
    };
  }

  #push(event: FormEvent): void {
    if (this.#phase === "open") this.#events.push(event);
  }

  #fail(detail: string): void {
    this.#end({ kind: "malformed", detail });
  }

  #end(event: FormEvent): void {
    this.#last ??= event;
    this.#phase = "over";
    this.#stopTicking();
  }

  async #readOn(): Promise<void> {
    if (this.#reader === undefined) return this.#finish();
    this.#isReading = true;
    this.#idleTicks = 0;
    this.#ticking ??= setInterval(() => this.#tick(), TICK_MS);
    try {
      // A buffer of its own for each read: the parser keeps views of it.
      const { done, value } = await this.#reader.read(new Uint8Array(READ_BYTES));
      if (done) this.#finish();
      else this.#take(value);
    } catch {
      // A request body fails in one way only: its client is gone.
      this.#end({ kind: "cut" });
    } finally {
      this.#isReading = false;
    }
  }

  /** A client that sends nothing for too long is taken for gone; only its own silence counts. */
  #tick(): void {
    if (!this.#isReading) return;
    this.#idleTicks += 1;
    if (this.#idleTicks < SILENT_TICKS) return;
    this.#end({ kind: "cut" });
    this.#reader?.cancel().catch(() => {});
  }

  #stopTicking(): void {
    if (this.#ticking !== undefined) clearInterval(this.#ticking);
  }

  #take(chunk: Uint8Array): void {
    this.#overheadBytes += chunk.byteLength;
    this.#parse(this.#holdDashes(chunk));
    if (this.#overheadBytes > MAX_OVERHEAD_BYTES) this.#fail("It is too large around its file.");
  }

  /** The chunk with the dashes held before, and without up to two at its end: a boundary's two are never torn apart. */
  #holdDashes(chunk: Uint8Array): Uint8Array {
    const bytes = this.#heldDashes === 0 ? chunk : withDashes(this.#heldDashes, chunk);
    this.#heldDashes = dashesAtEnd(bytes);
    return bytes.subarray(0, bytes.byteLength - this.#heldDashes);
  }

  #parse(bytes: Uint8Array): void {
    if (this.#phase !== "open") return;
    try {
      this.#parser?.write(bytes);
    } catch {
      // multipasta decodes `filename*` and lets what isn't percent-encoded text throw.
      this.#fail("A part's headers can't be read.");
    }
  }

  #finish(): void {
    this.#parse(withDashes(this.#heldDashes, new Uint8Array()));
    if (this.#phase === "open") this.#parser?.end();
    if (this.#phase === "done") this.#end({ kind: "end" });
    this.#fail("It ends before its last boundary.");
  }
}

function withDashes(count: number, bytes: Uint8Array): Uint8Array {
  const joined = new Uint8Array(count + bytes.byteLength).fill(DASH, 0, count);
  joined.set(bytes, count);
  return joined;
}

function dashesAtEnd(bytes: Uint8Array): number {
  if (bytes.at(-1) !== DASH) return 0;
  return bytes.at(-2) === DASH ? 2 : 1;
}

/** multipasta leaves the space before a header's value where a chunk ends at the colon. */
function typeOf({ headers }: PartInfo): string {
  const type = headers["content-type"];
  return typeof type === "string" ? type.trim() : "";
}

type ParserError = Parameters<Parameters<typeof make>[0]["onError"]>[0];

const LIMITS: Readonly<Record<string, string>> = {
  MaxParts: `It has more than ${MAX_PARTS} parts.`,
  MaxFieldSize: `A field is longer than ${MAX_FIELD_BYTES} bytes.`,
};

function describe(error: ParserError): string {
  switch (error._tag) {
    case "ReachedLimit":
      return LIMITS[error.limit] ?? "It is too large.";
    case "EndNotReached":
      return "It ends before its last boundary.";
    case "BadHeaders":
    case "InvalidDisposition":
      return "A part's headers can't be read.";
    case "InvalidBoundary":
      return "Its Content-Type names no boundary.";
  }
}
