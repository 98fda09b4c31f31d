/**
 * Bodies up to this are read to their end, so that their connection serves the next request; the runtime closes that of a
 * body that is let go of, and whoever sends on it again finds it broken.
 */
const READ_BYTES = 64 * 1024;
/** How long an answer waits for that: who has not sent so little by then is let go of. */
const READ_LIMIT_MS = 300;

/** Lets go of what nobody reads of a body: left alone, it stalls the connection's next request. */
export async function releaseUnreadBody({ body, headers }: Request): Promise<void> {
  if (body === null || body.locked) return;
  const lengthBytes = Number(headers.get("Content-Length") ?? Number.NaN);
  // A client that waits to be told to go on (100 Continue) would be told so by reading.
  const isHeldBack = headers.has("Expect");
  if (isHeldBack || lengthBytes > READ_BYTES || Number.isNaN(lengthBytes))
    return body.cancel().catch(() => {});
  // A client that goes away ends its body too, and whoever is too slow has it cut off.
  await body.pipeTo(new WritableStream(), { signal: AbortSignal.timeout(READ_LIMIT_MS) }).catch(() => {});
}
