import type { Readable } from "node:stream";
import type { CallOptions } from "./call.ts";
import { ReplicaFault } from "./replica-fault.ts";

/**
 * A target's body as a web stream: it errors with ReplicaFault after a silence of `deadlineMs`, where it ends early, and for
 * whatever else happens to it. Ends the body when nobody reads on, or the signal says so.
 */
export function readBody(
  body: Readable,
  lengthBytes: number,
  options: CallOptions,
): ReadableStream<Uint8Array> {
  const chunks = readChunks(body, lengthBytes, options);
  const source = {
    async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel(): Promise<void> {
      // A generator that hasn't begun ends without its `finally`.
      body.destroy();
      await chunks.return(undefined);
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

async function* readChunks(
  body: Readable,
  lengthBytes: number,
  { signal, deadlineMs, explain }: CallOptions,
): AsyncGenerator<Uint8Array, undefined> {
  const onAbort = (): void => void body.destroy(new Error("aborted"));
  const onSilence = (): void => {
    body.destroy(new ReplicaFault("unavailable", { detail: `silent for ${deadlineMs / 1000} s` }));
  };
  let silence = setTimeout(onSilence, deadlineMs);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  let receivedBytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      receivedBytes += chunk.byteLength;
      // However long the reader takes for it, that isn't the target's silence.
      clearTimeout(silence);
      yield chunk;
      silence = setTimeout(onSilence, deadlineMs);
    }
    if (receivedBytes !== lengthBytes)
      throw new ReplicaFault("unavailable", { detail: "a body that was cut" });
  } catch (cause) {
    signal.throwIfAborted();
    throw cause instanceof ReplicaFault ? cause : explain(cause);
  } finally {
    clearTimeout(silence);
    signal.removeEventListener("abort", onAbort);
    body.destroy();
  }
}
