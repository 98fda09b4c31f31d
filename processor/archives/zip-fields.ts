/** Gives bytes of the file: exactly so many. */
export type ReadRange = (offset: number, length: number) => Promise<Buffer>;

/** Why a zip isn't one that can be read whole: the name of the fault, as of a signature. */
export class ZipFault extends Error {}

export function requireThat(holds: boolean, fault: string): void {
  if (!holds) throw new ZipFault(fault);
}

/** What has 0xffffffff in its place is in a field of eight bytes somewhere else. */
export const NONE_32 = 0xffffffff;

const PIECE_BYTES = 1024 * 1024;

/** A number of eight bytes; one that isn't safe is beyond every file. */
export function readSafe(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

/** APPNOTE 4.5.1: the content of an extra field; empty where there is none. */
export function findField(extra: Buffer, id: number): Buffer {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, end);
    at = end;
  }
  return Buffer.alloc(0);
}

/**
 * Gives a range from a place on, as far as `reachBytes` or its end, for places that only grow. What is near to the last is
 * read in pieces of 1 MiB, so that the whole is never read more than about once; what is far from it in ones of
 * `reachBytes`, which must be less.
 */
export function readerOf(
  range: { readonly offset: number; readonly sizeBytes: number },
  reachBytes: number,
  read: ReadRange,
): (at: number) => Promise<Buffer> {
  let piece: Buffer = Buffer.alloc(0);
  let pieceAt = 0;
  return async (at) => {
    const left = range.sizeBytes - at;
    const pieceEnd = pieceAt + piece.length;
    if (pieceEnd - at < Math.min(left, reachBytes)) {
      const isNear = at < pieceEnd + PIECE_BYTES;
      piece = await read(range.offset + at, Math.min(left, isNear ? PIECE_BYTES : reachBytes));
      pieceAt = at;
    }
    return piece.subarray(at - pieceAt);
  };
}
