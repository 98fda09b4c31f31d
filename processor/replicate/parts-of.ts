/** Bytes as they come, in parts of one size; the last may be shorter, and of no bytes there is none. */
export async function* partsOf(body: AsyncIterable<Uint8Array>, partBytes: number): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of body) {
    held.push(chunk);
    heldBytes += chunk.byteLength;
    while (heldBytes >= partBytes) {
      const joined = Buffer.concat(held, heldBytes);
      yield joined.subarray(0, partBytes);
      held = [joined.subarray(partBytes)];
      heldBytes -= partBytes;
    }
  }
  if (heldBytes > 0) yield Buffer.concat(held, heldBytes);
}
