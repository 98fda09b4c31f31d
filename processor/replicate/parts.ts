import { createHash } from "node:crypto";
import { PrimaryMismatch } from "./primary-mismatch.ts";

const MIB = 1024 * 1024;
/** A multiple of 256 KiB, which GCS's resumable uploads ask for, and more than the 5 MiB that S3's parts have at least. */
const PART_BYTES = 8 * MIB;
/** S3 takes 10,000 parts, Azure 50,000 blocks. */
const MAX_PARTS = 9_000;

/** A stretch of a copy. Its bytes are only its own until whoever was given it has answered. */
export interface CopyPart {
  /** From 0. */
  readonly index: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Of these bytes, hexadecimal. */
  readonly md5: string;
  readonly isLast: boolean;
}

/**
 * How long a copy's parts are, at every target: by its size alone, so that whoever goes on with a copy cuts it alike.
 * 8 MiB up to 70 GiB, and 584 MiB for S3's 5 TiB.
 */
export function choosePartBytes(sizeBytes: number): number {
  return Math.max(PART_BYTES, Math.ceil(sizeBytes / MAX_PARTS / MIB) * MIB);
}

/** Buffers that parts are read into: those that are given back are used again, so that as many exist as are held at a time. */
export class PartBuffers {
  readonly #partBytes: number;
  readonly #free: Buffer[] = [];

  constructor(partBytes: number) {
    this.#partBytes = partBytes;
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#partBytes);
  }

  giveBack(bytes: Uint8Array): void {
    this.#free.push(Buffer.from(bytes.buffer, 0, this.#partBytes));
  }
}

/**
 * Cuts what comes into parts; no bytes at all are one empty part. Throws PrimaryMismatch where it isn't `sizeBytes` long, and
 * what the source throws.
 */
export async function* readParts(
  source: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  partBytes: number,
  buffers: PartBuffers,
): AsyncGenerator<CopyPart> {
  let offset = 0;
  let index = 0;
  let buffer = buffers.take();
  let filled = 0;
  let hash = createHash("md5");
  const cut = (): CopyPart => {
    const bytes = buffer.subarray(0, filled);
    const part = { index, offset, bytes, md5: hash.digest("hex"), isLast: offset + filled === sizeBytes };
    offset += filled;
    index += 1;
    filled = 0;
    hash = createHash("md5");
    return part;
  };
  for await (const chunk of source) {
    for (let read = 0; read < chunk.byteLength;) {
      // Only now, so that the last full part is the last: it may be the end.
      if (filled === partBytes) {
        yield cut();
        buffer = buffers.take();
      }
      const taken = chunk.subarray(read, read + partBytes - filled);
      if (offset + filled + taken.byteLength > sizeBytes) throw new PrimaryMismatch("longer");
      buffer.set(taken, filled);
      hash.update(taken);
      filled += taken.byteLength;
      read += taken.byteLength;
    }
  }
  if (offset + filled < sizeBytes) throw new PrimaryMismatch("shorter");
  yield cut();
}
