import type { SentBody, StoreBody } from "./object-store.ts";

/**
 * Hands pieces to a store as one body of known length, and resolves with what `send` does when the pieces are through too.
 * A single piece goes as it is; several go through a native stream, because joining them would double the memory of a
 * part. What is held for them is let go of when the store has done with them, however long after its caller's patience.
 */
export async function sendBody<T>(body: StoreBody, send: (value: SentBody) => Promise<T>): Promise<T> {
  const letGo = body.hold?.();
  const { value, written, stop } = streamOf(body);
  // What it throws at once is a refusal too: the body's memory has to come back.
  const sent = (async () => send(value))();
  // Nobody reads then what is still being written.
  sent.catch(stop);
  if (letGo !== undefined) void Promise.allSettled([sent, written]).then(letGo);
  // A refused store breaks its stream too: both are waited for together, so neither rejection is left unheard.
  const [stored] = await Promise.all([sent, written]);
  return stored;
}

interface Sending {
  readonly value: SentBody;
  readonly written: Promise<void>;
  /** Ends the writing of what nobody reads. */
  readonly stop: (reason: unknown) => void;
}

function streamOf(body: StoreBody): Sending {
  const only = onlyPieceOf(body);
  if (only !== undefined) return { value: only, written: Promise.resolve(), stop: () => {} };
  const { readable, writable } = new FixedLengthStream(body.sizeBytes);
  const writer = writable.getWriter();
  const stop = (reason: unknown): void => {
    readable.cancel().catch(() => {});
    writer.abort(reason).catch(() => {});
  };
  return { value: readable, written: writeAll(writer, body.pieces), stop };
}

function onlyPieceOf({ pieces }: StoreBody): Uint8Array<ArrayBuffer> | undefined {
  return Array.isArray(pieces) && pieces.length === 1 ? (pieces[0] as Uint8Array<ArrayBuffer>) : undefined;
}

async function writeAll(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  pieces: Iterable<Uint8Array>,
): Promise<void> {
  try {
    for (const piece of pieces) await writer.write(piece);
    await writer.close();
  } catch (error) {
    // A store that gets no more mustn't wait for it.
    await writer.abort(error).catch(() => {});
    throw error;
  }
}
