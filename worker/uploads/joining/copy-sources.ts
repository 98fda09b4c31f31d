import { AppError } from "#contract/errors.ts";
import { SNIFFED_BYTES } from "#contract/programs.ts";
import { inTurns } from "../../services/in-turns.ts";
import type { ObjectReader } from "../../storage/object-store.ts";
import type { PartialSource } from "../state/upload-state.ts";
import type { UploadStore } from "../state/upload-store.ts";
import { BodySource } from "../writing/body-source.ts";
import type { ObjectParts } from "../writing/object-parts.ts";
import { PartWriter } from "../writing/part-writer.ts";
import { requireContent, type SniffCheck } from "../writing/require-content.ts";
import type { SlabBudget } from "../writing/slabs.ts";
import { STORE_SILENCE_MS } from "../writing/times.ts";

export interface CopyOptions {
  readonly store: UploadStore;
  readonly objects: ObjectReader;
  readonly parts: ObjectParts;
  readonly slabs: SlabBudget;
  readonly now: () => number;
}

/** A stretch of a source that is still to be copied. */
interface Stretch {
  readonly source: PartialSource;
  readonly offset: number;
}

/** What of the sources comes after the first `copiedBytes` of them all. */
export function remainingStretches(
  sources: readonly PartialSource[],
  copiedBytes: number,
): readonly Stretch[] {
  let before = 0;
  return sources.flatMap((source) => {
    const offset = Math.max(0, copiedBytes - before);
    before += source.sizeBytes;
    return offset < source.sizeBytes ? [{ source, offset }] : [];
  });
}

/**
 * Compares a final upload's first bytes, of however many of its partials, with its declared type. Throws
 * `FILE_TYPE_MISMATCH`, `CONTENT_ENCRYPTED` or `STORE_UNAVAILABLE`.
 */
export async function sniffSources(
  { objects, sniff }: { readonly objects: ObjectReader; readonly sniff: SniffCheck },
  { sources, declaredType }: { readonly sources: readonly PartialSource[]; readonly declaredType: string },
): Promise<void> {
  const heads = await inTurns(headStretches(sources), (stretch) => readHead(objects, stretch));
  const head = new Uint8Array(await new Blob([...heads]).arrayBuffer());
  if (head.byteLength === 0) return;
  const isWhole = sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) <= SNIFFED_BYTES;
  await requireContent(sniff, head, declaredType, isWhole);
}

/** The beginning of a source. */
interface Head {
  readonly source: PartialSource;
  readonly length: number;
}

/** Which of the sources the first bytes of them all are in, and how many of each. */
function headStretches(sources: readonly PartialSource[]): readonly Head[] {
  let before = 0;
  return sources.flatMap((source) => {
    const length = Math.min(SNIFFED_BYTES - before, source.sizeBytes);
    before += length;
    return length > 0 ? [{ source, length }] : [];
  });
}

/** Throws `STORE_UNAVAILABLE` also where the store falls silent. */
async function readHead(objects: ObjectReader, { source, length }: Head): Promise<Uint8Array<ArrayBuffer>> {
  const range = { offset: 0, length };
  const object = await objects.get(source.objectKey, { etag: source.etag, range });
  if (object === undefined) throw new AppError("STORE_UNAVAILABLE");
  const head = new Uint8Array(length);
  const body = openStored(object.body);
  try {
    for (let headBytes = 0; headBytes < length;) {
      const bytes = await readStored(body);
      if (bytes === undefined) return head.subarray(0, headBytes);
      const wanted = bytes.subarray(0, length - headBytes);
      head.set(wanted, headBytes);
      headBytes += wanted.byteLength;
    }
    return head;
  } finally {
    body.cut();
  }
}

/** A store that falls silent is asked again, from where the copy has got to. */
function openStored(stored: ReadableStream<Uint8Array>): BodySource {
  return new BodySource(stored, { silenceLimitMs: STORE_SILENCE_MS });
}

/** The next bytes; undefined at the end. Throws `STORE_UNAVAILABLE`. */
async function readStored(body: BodySource): Promise<Uint8Array | undefined> {
  const event = await body.read();
  if (event.kind === "cut") throw new AppError("STORE_UNAVAILABLE", { detail: "The store stopped sending." });
  return event.kind === "bytes" ? event.bytes : undefined;
}

/**
 * Puts a final upload's object together from its partials' (tus 1.0, Concatenation), as a stream through the store's
 * parts: memory stays at two parts whatever the sizes, and after a crash it goes on behind the last part that was
 * committed. Throws `STORE_UNAVAILABLE`; then it is to be called again. Throws `UPLOAD_LOST` where a partial was deleted.
 * Returns whether that was all: by `untilMs` it stops, and is to be called again too.
 * @param alsoCommit what must become durable together with the end of the copy
 */
export async function copySources(
  options: CopyOptions,
  untilMs: number,
  alsoCommit: () => void,
): Promise<boolean> {
  const { store, parts, slabs } = options;
  // Nobody else writes to a final upload.
  const fence = (): void => {};
  await parts.storeOverlongTail(fence);
  const { sources, lengthBytes, partSizeBytes } = store.requireState();
  if (lengthBytes === null || partSizeBytes === null)
    throw new Error("A final upload has a length from the start.");
  // What was put aside for want of memory is copied too.
  const copiedBytes = store.offsetBytes;
  const missingBytes = lengthBytes - copiedBytes;
  const writer = new PartWriter({
    store,
    parts,
    slabs,
    fence,
    partSizeBytes,
    expectedBytes: missingBytes,
    missingBytes,
    holdsBack: false,
    // Failures count in a row: a copy that gets on isn't put off for longer and longer.
    onPart: () => store.update({ failures: 0 }),
  });
  try {
    for (const stretch of remainingStretches(sources, copiedBytes)) {
      if (await copyStretch(options, writer, stretch, untilMs)) continue;
      await writer.keep(() => {});
      return false;
    }
    await writer.storeRest(alsoCommit);
    return true;
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** Whether all of it was copied in time. */
async function copyStretch(
  { objects, now }: CopyOptions,
  writer: PartWriter,
  { source, offset }: Stretch,
  untilMs: number,
): Promise<boolean> {
  const range = { offset, length: source.sizeBytes - offset };
  const object = await objects.get(source.objectKey, { etag: source.etag, range });
  if (object === undefined)
    throw new AppError("UPLOAD_LOST", { detail: "A partial upload of it was deleted." });
  const body = openStored(object.body);
  body.onTick = () => writer.renew();
  let missingBytes = range.length;
  try {
    for (;;) {
      const bytes = await readStored(body);
      if (bytes === undefined && missingBytes > 0) {
        throw new AppError("STORE_UNAVAILABLE", { detail: "The store sent less than it has." });
      }
      if (bytes === undefined) return true;
      missingBytes -= bytes.byteLength;
      await writer.write(bytes);
      if (now() >= untilMs) return false;
    }
  } finally {
    body.cut();
  }
}
