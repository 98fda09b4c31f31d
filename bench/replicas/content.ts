import { randomFrom } from "../random.ts";

const CHUNK_BYTES = 256 * 1024;

/** So many bytes, as a store would give them: noise, no two pieces of it the same. */
export function* contentOf(sizeBytes: number): Generator<Buffer> {
  const random = randomFrom(0x5eed);
  const noise = Buffer.from(Array.from({ length: CHUNK_BYTES }, () => Math.floor(random() * 256)));
  for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
    const chunk = Buffer.from(noise.subarray(0, Math.min(CHUNK_BYTES, sizeBytes - at)));
    if (chunk.byteLength >= 8) chunk.writeDoubleBE(at);
    yield chunk;
  }
}
