import { createReadStream } from "node:fs";

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
