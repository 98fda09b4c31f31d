import { originalKey } from "#contract/keys.ts";
import type { ObjectStore, StoreBody, StoredPart } from "../storage/object-store.ts";
import type { UploadState, UploadStore } from "./upload-state.ts";
import { refOf } from "./upload-state.ts";

/** Throws `UPLOAD_SUPERSEDED` once another request has taken the upload over: nothing may be committed then. */
export type Fence = () => void;

/**
 * The bytes of one upload in the object store. Every attempt, of a part or of a whole object, takes a number or a key
 * of its own that is durable before the call: an attempt that was given up may land whenever it likes and harms nothing.
 */
export class ObjectParts {
  readonly #store: UploadStore;
  readonly #objects: ObjectStore;

  constructor(store: UploadStore, objects: ObjectStore) {
    this.#store = store;
    this.#objects = objects;
  }

  /** Stores one full part: `body`, preceded by the tail if there is one. Commits it unless `fence` throws. */
  async storePart(body: StoreBody, fence: Fence): Promise<void> {
    const tail = this.#store.readTail();
    const part = await this.#sendPart(withTail(tail, body), fence);
    fence();
    const storedBytes = this.#requireState().storedBytes + sizeOf(tail) + body.sizeBytes;
    this.#store.transaction(() => this.#commitParts([part], storedBytes));
  }

  /**
   * Stores all that is left of a complete upload, tail first: as the last part, or, where there are no parts, as the
   * whole object. After it the tail is empty.
   * @param alsoCommit what must become durable together with it
   */
  async storeRemainder(body: StoreBody, fence: Fence, alsoCommit: () => void = () => {}): Promise<void> {
    const remainder = withTail(this.#store.readTail(), body);
    const state = this.#requireState();
    const partSizeBytes = state.partSizeBytes ?? remainder.sizeBytes;
    if (state.multipartId === null && remainder.sizeBytes <= partSizeBytes) {
      await this.#putWhole(remainder, fence, alsoCommit);
      return;
    }
    await this.#storeSplit(remainder, partSizeBytes, fence, alsoCommit);
  }

  /** Stores the full parts of an overlong tail, which a store that failed leaves behind. */
  async storeOverlongTail(fence: Fence): Promise<void> {
    const { partSizeBytes } = this.#requireState();
    if (partSizeBytes === null || this.#store.tailBytes() < partSizeBytes) return;
    const tail = this.#store.readTail();
    const sizeBytes = sizeOf(tail);
    const keptBytes = sizeBytes % partSizeBytes;
    const parts: StoredPart[] = [];
    for (const body of splitPieces(tail, partSizeBytes)) {
      if (body.sizeBytes === partSizeBytes) parts.push(await this.#sendPart(body, fence));
    }
    fence();
    const kept = splitPieces(tail, partSizeBytes).at(-1);
    this.#store.transaction(() => {
      this.#commitParts(parts, this.#requireState().storedBytes + sizeBytes - keptBytes);
      if (keptBytes > 0 && kept !== undefined) this.#store.appendTail(kept.pieces);
    });
  }

  async #storeSplit(
    remainder: StoreBody,
    partSizeBytes: number,
    fence: Fence,
    alsoCommit: () => void,
  ): Promise<void> {
    const parts: StoredPart[] = [];
    for (const body of splitPieces(remainder.pieces, partSizeBytes)) {
      parts.push(await this.#sendPart(body, fence));
    }
    fence();
    const storedBytes = this.#requireState().storedBytes + remainder.sizeBytes;
    this.#store.transaction(() => {
      this.#commitParts(parts, storedBytes);
      alsoCommit();
    });
  }

  async #putWhole(body: StoreBody, fence: Fence, alsoCommit: () => void): Promise<void> {
    const key = this.#nextKey();
    const { etag } = await this.#objects.put(key, body, this.#requireState().declaredType);
    fence();
    this.#store.transaction(() => {
      this.#store.update({ objectKey: key, etag, storedBytes: body.sizeBytes });
      this.#store.clearTail();
      alsoCommit();
    });
  }

  async #sendPart(body: StoreBody, fence: Fence): Promise<StoredPart> {
    const { objectKey, multipartId } = await this.#beginMultipart(fence);
    const partNumber = this.#requireState().partAttempts + 1;
    this.#store.update({ partAttempts: partNumber });
    const etag = await this.#objects.storePart(objectKey, multipartId, partNumber, body);
    return { partNumber, etag };
  }

  async #beginMultipart(fence: Fence): Promise<{ objectKey: string; multipartId: string }> {
    const { objectKey, multipartId, declaredType } = this.#requireState();
    if (objectKey !== null && multipartId !== null) return { objectKey, multipartId };
    const key = this.#nextKey();
    const id = await this.#objects.createMultipart(key, declaredType);
    fence();
    this.#store.update({ objectKey: key, multipartId: id });
    return { objectKey: key, multipartId: id };
  }

  #nextKey(): string {
    const state = this.#requireState();
    const attempt = state.objectAttempts + 1;
    this.#store.update({ objectAttempts: attempt });
    return originalKey(refOf(state), attempt);
  }

  /** To be called within a transaction: parts, tail and offset change together or not at all. */
  #commitParts(parts: readonly StoredPart[], storedBytes: number): void {
    for (const part of parts) this.#store.addPart(part);
    this.#store.clearTail();
    this.#store.update({ storedBytes });
  }

  #requireState(): UploadState {
    const { state } = this.#store;
    if (state === undefined) throw new Error("There is no upload here.");
    return state;
  }
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
}

function withTail(tail: readonly Uint8Array[], body: StoreBody): StoreBody {
  if (tail.length === 0) return body;
  return { pieces: [...tail, ...body.pieces], sizeBytes: sizeOf(tail) + body.sizeBytes };
}

/** Cuts pieces, without copying, into bodies of `sizeBytes` each; the last may be smaller. */
export function splitPieces(pieces: readonly Uint8Array[], sizeBytes: number): readonly StoreBody[] {
  const bodies: StoreBody[] = [];
  let current: Uint8Array[] = [];
  let currentBytes = 0;
  const close = (): void => {
    if (currentBytes > 0) bodies.push({ pieces: current, sizeBytes: currentBytes });
    current = [];
    currentBytes = 0;
  };
  for (const piece of pieces) {
    for (let from = 0; from < piece.byteLength; ) {
      const taken = piece.subarray(from, from + sizeBytes - currentBytes);
      current.push(taken);
      currentBytes += taken.byteLength;
      from += taken.byteLength;
      if (currentBytes === sizeBytes) close();
    }
  }
  close();
  return bodies;
}
