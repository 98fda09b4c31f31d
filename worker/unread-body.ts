/**
 * How much of a body is read to no purpose. The runtime closes the connection of a body that is let go of, often before
 * its client has come to read the answer: whoever sends no more than a part is to be told why it was refused.
 */
const READ_BYTES = 16 * 1024 * 1024;
/** How long an answer waits for that: whoever has not sent so little by then is let go of. */
const READ_LIMIT_MS = 300;
const SCRATCH_BYTES = 64 * 1024;

/**
 * Reads on in what nobody reads of a body, then lets go of it: left alone, it stalls the connection's next request.
 * @param isAwaited whether its client is to come to read the answer
 */
export async function releaseUnreadBody({ body, headers }: Request, isAwaited = true): Promise<void> {
  if (body === null || body.locked) return;
  // A client that waits to be told to go on (100 Continue) would be told so by reading.
  if (!isAwaited || headers.has("Expect")) return body.cancel().catch(() => {});
  const reader = body.getReader({ mode: "byob" });
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), READ_LIMIT_MS);
  // A client that goes away ends its body too.
  await readAway(reader).catch(() => {});
  clearTimeout(timer);
}

async function readAway(reader: ReadableStreamBYOBReader): Promise<void> {
  let scratch = new ArrayBuffer(SCRATCH_BYTES);
  for (let readBytes = 0; readBytes < READ_BYTES;) {
    const { done, value } = await reader.read(new Uint8Array(scratch));
    if (done || value === undefined) return;
    readBytes += value.byteLength;
    scratch = value.buffer;
  }
  await reader.cancel();
}
