import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";

/** Whether some bytes are anywhere in a file. Memory: two pieces of it. */
export async function containsBytes(path: string, wanted: Buffer): Promise<boolean> {
  let rest = Buffer.of();
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([rest, chunk]);
    if (bytes.includes(wanted)) return true;
    // They may begin in this piece and end in the next.
    rest = bytes.subarray(-(wanted.length - 1));
  }
  return false;
}

/** A file's first bytes: fewer where it has no more. */
export async function readHead(path: string, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
