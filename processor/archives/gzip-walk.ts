import { type InflateRaw, crc32, createInflateRaw } from "node:zlib";
import { findExcess } from "./unpacked-limits.ts";

/**
 * Whether a gzip is one that all tools read alike (RFC 1952): members one after the other, each whole, and nothing between
 * or behind them. The scanner was seen to answer OK to malware behind a header that it couldn't read, and to what it
 * doesn't take for a member. Bytes are given as they come, and what they unpack to is handed on.
 */

/** RFC 1952, 2.3. */
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAG = { headerChecksum: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 };
/** Of a header with its fields: an extra field has 64 KiB at most, names are shorter. */
const MAX_HEADER_BYTES = 128 * 1024;

/** bgzip writes one for each 64 KiB; each costs an inflater of its own, also where it is empty. */
const MAX_MEMBERS = 50_000;

export function startsAsGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

export class GzipWalk {
  readonly #sizeBytes: number;
  readonly #unpacked: (bytes: Uint8Array) => void;
  #fault: string | undefined;
  /** Of a header or a trailer, what has come of it. */
  #pending: Buffer = Buffer.alloc(0);
  #part: "header" | "body" | "trailer" = "header";
  #body: Body | undefined;
  #unpackedBytes = 0;
  #members = 0;

  /**
   * @param sizeBytes of all that will come
   * @param unpacked told what the members unpack to
   */
  constructor(sizeBytes: number, unpacked: (bytes: Uint8Array) => void) {
    this.#sizeBytes = sizeBytes;
    this.#unpacked = unpacked;
  }

  /** Settles when the bytes were unpacked. */
  async push(chunk: Uint8Array): Promise<void> {
    let rest: Buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (rest.length > 0 && this.#fault === undefined) {
      // One after the other: what a part leaves is the next one's.
      rest = this.#part === "body" ? await this.#unpack(rest) : this.#collect(rest);
    }
  }

  /** The limit that it exceeds by what has come. */
  get excess(): string | undefined {
    return this.#fault?.startsWith("Gzip.Limits.") === true ? this.#fault : undefined;
  }

  /** What is wrong with it, when all has come; undefined where nothing is. */
  finish(): string | undefined {
    this.#body?.stop();
    const isWhole = this.#part === "header" && this.#pending.length === 0;
    return this.#fault ?? (isWhole ? undefined : "Gzip.Cut");
  }

  /** For a walk that isn't finished. */
  close(): void {
    this.#body?.stop();
  }

  /** What a header or a trailer leaves. */
  #collect(bytes: Buffer): Buffer {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    return this.#part === "header" ? this.#readHeader() : this.#readTrailer();
  }

  #readHeader(): Buffer {
    const end = findHeaderEnd(this.#pending);
    if (typeof end === "string") return this.#fail(end);
    if (end === undefined) {
      return this.#pending.length > MAX_HEADER_BYTES ? this.#fail("Gzip.Header") : Buffer.alloc(0);
    }
    this.#members += 1;
    if (this.#members > MAX_MEMBERS) return this.#fail("Gzip.Limits.Members");
    this.#body = new Body((bytes) => this.#take(bytes));
    return this.#next("body", end);
  }

  #take(bytes: Buffer): void {
    this.#unpackedBytes += bytes.length;
    const excess = findExcess(this.#unpackedBytes, this.#sizeBytes);
    if (excess === undefined) this.#unpacked(bytes);
    else this.#fail(`Gzip.${excess}`);
  }

  async #unpack(bytes: Buffer): Promise<Buffer> {
    const left = await this.#body?.push(bytes);
    if (left === undefined) return this.#fail("Gzip.Broken");
    if (this.#body?.isOver === true) this.#part = "trailer";
    return left;
  }

  #readTrailer(): Buffer {
    if (this.#pending.length < TRAILER_BYTES) return Buffer.alloc(0);
    const isAsTold =
      this.#pending.readUInt32LE(0) === this.#body?.crc &&
      this.#pending.readUInt32LE(4) === this.#body.unpackedBytes % 2 ** 32;
    this.#body = undefined;
    return isAsTold ? this.#next("header", TRAILER_BYTES) : this.#fail("Gzip.Broken");
  }

  #next(part: "header" | "body", takenBytes: number): Buffer {
    const left = this.#pending.subarray(takenBytes);
    this.#pending = Buffer.alloc(0);
    this.#part = part;
    return left;
  }

  #fail(fault: string): Buffer {
    this.#fault ??= fault;
    this.#body?.stop();
    return Buffer.alloc(0);
  }
}

/** Where a header ends; undefined while more is needed, and the name of what is wrong with it. */
function findHeaderEnd(bytes: Buffer): number | string | undefined {
  if (bytes.length >= 2 && !startsAsGzip(bytes)) return "Gzip.AfterEnd";
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = bytes[3] ?? 0;
  if (bytes[2] !== 8 || (flags & (FLAG.reserved | FLAG.headerChecksum)) !== 0) return "Gzip.Header";
  const end = findFieldsEnd(bytes, flags);
  return end !== undefined && end <= bytes.length ? end : undefined;
}

/** Where a header's fields end, as far as they have come. */
function findFieldsEnd(bytes: Buffer, flags: number): number | undefined {
  let at: number | undefined = HEADER_BYTES;
  if ((flags & FLAG.extra) !== 0) {
    if (bytes.length < at + 2) return undefined;
    at += 2 + bytes.readUInt16LE(at);
  }
  if ((flags & FLAG.name) !== 0) at = behindZero(bytes, at);
  return at !== undefined && (flags & FLAG.comment) !== 0 ? behindZero(bytes, at) : at;
}

function behindZero(bytes: Buffer, at: number): number | undefined {
  const zero = bytes.indexOf(0, at);
  return zero < 0 ? undefined : zero + 1;
}

/** One member's deflated bytes. */
class Body {
  readonly #inflate: InflateRaw = createInflateRaw();
  /** Resolved with whether it came to its end: one that was stopped in the middle never ends, it is closed. */
  readonly #end: Promise<boolean>;
  #pushedBytes = 0;
  isOver = false;
  crc = 0;
  unpackedBytes = 0;

  constructor(unpacked: (bytes: Buffer) => void) {
    this.#inflate.on("data", (bytes: Buffer) => {
      this.crc = crc32(bytes, this.crc);
      this.unpackedBytes += bytes.length;
      unpacked(bytes);
    });
    this.#end = new Promise((resolve) => {
      this.#inflate.once("end", () => resolve(true));
      for (const event of ["error", "close"]) this.#inflate.once(event, () => resolve(false));
    });
  }

  /** What it leaves of the bytes: none before its end. Undefined where they can't be unpacked. */
  async push(bytes: Buffer): Promise<Buffer | undefined> {
    this.#pushedBytes += bytes.length;
    const taken = new Promise<boolean>((resolve) => this.#inflate.write(bytes, (error) => resolve(!error)));
    // Bytes behind the end are left, and the stream ends then: whether their callback is called is another matter.
    if (!(await Promise.race([taken, this.#end]))) return undefined;
    const leftBytes = this.#pushedBytes - this.#inflate.bytesWritten;
    if (leftBytes === 0) return Buffer.alloc(0);
    if (!(await this.#end)) return undefined;
    this.isOver = true;
    return bytes.subarray(bytes.length - leftBytes);
  }

  stop(): void {
    this.#inflate.destroy();
  }
}
