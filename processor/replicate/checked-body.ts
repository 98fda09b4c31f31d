import { createHash } from "node:crypto";

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
  const hash = createHash("sha256");
  let held: Uint8Array | undefined;
  const check = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      // Of an empty piece nothing would be held back.
      if (chunk.byteLength === 0) return;
      hash.update(chunk);
      if (held !== undefined) controller.enqueue(held);
      held = chunk;
    },
    flush(controller) {
      const isRight = hash.digest("hex") === sha256;
      judged(isRight);
      if (!isRight) throw new CopyMismatch("The copy has other bytes than the record says.");
      if (held !== undefined) controller.enqueue(held);
    },
  });
  return body.pipeThrough(check);
}
