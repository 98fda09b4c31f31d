import { AppError } from "#contract/errors.ts";

/**
 * A body of which nobody knows yet whether it may be sent at all, as text. Never more of it than `maxBytes` is held.
 * Throws `REQUEST_INVALID` for a body that is longer, and `BODY_INCOMPLETE` for one that breaks off.
 */
export async function readSmallBody(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of body ?? []) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new AppError("BODY_INCOMPLETE", { cause });
  }
  if (sizeBytes > maxBytes) throw new AppError("REQUEST_INVALID", { detail: "The body is too long." });
  return new Blob(chunks).text();
}
