import { AppError } from "#contract/errors.ts";

/** A length that a request announces; none where its body comes in pieces. */
function announcedBytes({ headers }: Request): number {
  return Number(headers.get("Content-Length") ?? 0);
}

/**
 * A body that isn't a file, as text. Never more of it than `maxBytes` is held, whatever its length was said to be, and
 * what is left of a longer one is left to whoever lets go of bodies.
 * Throws `BODY_TOO_LARGE` for a body that is longer, and `BODY_INCOMPLETE` for one that breaks off.
 */
export async function readSmallBody(request: Request, maxBytes: number): Promise<string> {
  const tooLarge = new AppError("BODY_TOO_LARGE", { detail: `${maxBytes} bytes are read at most.` });
  if (announcedBytes(request) > maxBytes) throw tooLarge;
  const body: ReadableStream<Uint8Array> | null = request.body;
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of body?.values({ preventCancel: true }) ?? []) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new AppError("BODY_INCOMPLETE", { cause });
  }
  if (sizeBytes > maxBytes) throw tooLarge;
  return new Blob(chunks).text();
}
