import { createHash, hash } from "node:crypto";

const OTHER_BYTES = "The copy has other bytes than the record says.";

/** A copy hasn't the bytes that its record says. */
export class CopyMismatch extends Error {
  override readonly name = "CopyMismatch";
}

/**
 * A copy's whole body, whose last piece is held back until all of its bytes are seen to have the SHA-256: it errors with
 * CopyMismatch before its end where they haven't, so that nobody ever has a whole copy of other bytes.
 * @param sha256 hexadecimal
 * @param judged called when all of them have been seen
 */
export function checkedBody(
  body: ReadableStream<Uint8Array>,
  sha256: string,
  judged: (isRight: boolean) => void,
): ReadableStream<Uint8Array> {
  const seen = createHash("sha256");
  let held: Uint8Array | undefined;
  const check = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      // Of an empty piece nothing would be held back.
      if (chunk.byteLength === 0) return;
      seen.update(chunk);
      if (held !== undefined) controller.enqueue(held);
      held = chunk;
    },
    flush(controller) {
      const isRight = seen.digest("hex") === sha256;
      judged(isRight);
      if (!isRight) throw new CopyMismatch(OTHER_BYTES);
      if (held !== undefined) controller.enqueue(held);
    },
  });
  return body.pipeThrough(check);
}

/**
 * A small copy's whole body, compared before any of it is given: hashed in one piece, since a reader waits for its first
 * byte. Throws CopyMismatch where it has other bytes, more, or fewer, and what the body throws.
 * @param sizeBytes of the copy; so much memory is taken
 * @param sha256 hexadecimal
 * @param judged called when all of them have been seen
 */
export async function readChecked(
  body: ReadableStream<Uint8Array>,
  sizeBytes: number,
  sha256: string,
  judged: (isRight: boolean) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(sizeBytes);
  let filledBytes = 0;
  let isTooLong = false;
  for await (const chunk of body) {
    isTooLong = chunk.byteLength > sizeBytes - filledBytes;
    if (isTooLong) break;
    bytes.set(chunk, filledBytes);
    filledBytes += chunk.byteLength;
  }
  const isRight = !isTooLong && filledBytes === sizeBytes && hash("sha256", bytes) === sha256;
  judged(isRight);
  if (!isRight) throw new CopyMismatch(OTHER_BYTES);
  return bytes;
}
