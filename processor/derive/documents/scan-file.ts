import { openPlain } from "../../sandbox/scratch.ts";

/**
 * Whether some bytes are anywhere in a file, which a tool may have put something else in the place of: undefined if it is no
 * plain file any more. Memory: two pieces of it. Throws only what `signal` says.
 */
export async function containsBytes(
  path: string,
  wanted: Buffer,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const file = await openPlain(path);
  if (file === undefined) return undefined;
  let rest = Buffer.of();
  // The stream closes the file.
  for await (const chunk of file.createReadStream({ signal }) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([rest, chunk]);
    if (bytes.includes(wanted)) return true;
    // They may begin in this piece and end in the next.
    rest = bytes.subarray(-(wanted.length - 1));
  }
  return false;
}

/** A file's first bytes: fewer where it has no more, none where it is no plain file. */
export async function readHead(path: string, length: number): Promise<Buffer> {
  await using file = await openPlain(path);
  const read = await file?.read(Buffer.alloc(length), 0, length, 0);
  return read?.buffer.subarray(0, read.bytesRead) ?? Buffer.of();
}
