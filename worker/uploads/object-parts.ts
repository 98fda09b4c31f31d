import { originalKey } from "#contract/keys.ts";
import type { ObjectStore, StoreBody, StoredPart } from "../storage/object-store.ts";
import { refOf } from "./upload-state.ts";
import type { UploadStore } from "./upload-store.ts";

/** Throws `UPLOAD_SUPERSEDED` once another request has taken the upload over: nothing may be committed then. */
export type Fence = () => void;

/** A part that is in the store, but not of the upload until it is committed. */
export interface SentPart extends StoredPart {
  readonly sizeBytes: number;
}

/** The end of an upload's bytes, sent and not committed: parts, or an object that is the whole of it. */
export type SentRest =
  | { readonly kind: "parts"; readonly parts: readonly SentPart[] }
  | { readonly kind: "whole"; readonly objectKey: string; readonly etag: string; readonly sizeBytes: number };

/**
 * The bytes of one upload in the object store. Every attempt, of a part or of a whole object, takes a number or a key
 * of its own that is durable before the call: an attempt that was given up may land whenever it likes and harms nothing.
 * Sending and committing are apart, so that whoever must first be sure of the bytes can be.
 */
export class ObjectParts {
  readonly #store: UploadStore;
  readonly #objects: ObjectStore;

  constructor(store: UploadStore, objects: ObjectStore) {
    this.#store = store;
    this.#objects = objects;
  }

  /** Sends one part under a number of its own. */
  async sendPart(body: StoreBody, fence: Fence): Promise<SentPart> {
    const { objectKey, multipartId } = await this.#beginMultipart(fence);
    const partNumber = this.#store.requireState().partAttempts + 1;
    this.#store.update({ partAttempts: partNumber });
    const etag = await this.#objects.storePart(objectKey, multipartId, partNumber, body);
    return { partNumber, etag, sizeBytes: body.sizeBytes };
  }

  /** Sends all that is left: as the last parts, or, where there are none before it and it fits, as the whole object. */
  async sendRest(rest: StoreBody, fence: Fence): Promise<SentRest> {
    const state = this.#store.requireState();
    const partSizeBytes = state.partSizeBytes ?? rest.sizeBytes;
    if (state.multipartId === null && rest.sizeBytes <= partSizeBytes) return this.#putWhole(rest, fence);
    const parts: SentPart[] = [];
    for (const body of splitPieces(rest.pieces, partSizeBytes)) parts.push(await this.sendPart(body, fence));
    return { kind: "parts", parts };
  }

  /** Makes sent parts parts of the upload, in their order. To be called within a transaction. */
  commitParts(parts: readonly SentPart[]): void {
    if (parts.length === 0) return;
    for (const part of parts) this.#store.addPart(part);
    const sentBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
    this.#store.update({ storedBytes: this.#store.requireState().storedBytes + sentBytes });
  }

  /** Makes the end of the upload's bytes part of it. To be called within a transaction. */
  commitRest(rest: SentRest): void {
    this.#store.clearTail();
    if (rest.kind === "parts") {
      this.commitParts(rest.parts);
      return;
    }
    this.#store.update({ objectKey: rest.objectKey, etag: rest.etag, storedBytes: rest.sizeBytes });
  }

  /** Stores the full parts of an overlong tail, which a store that failed leaves behind. */
  async storeOverlongTail(fence: Fence): Promise<void> {
    const { partSizeBytes } = this.#store.requireState();
    if (partSizeBytes === null || this.#store.tailBytes() < partSizeBytes) return;
    const bodies = splitPieces(this.#store.readTail(), partSizeBytes);
    const parts: SentPart[] = [];
    for (const body of bodies.filter(({ sizeBytes }) => sizeBytes === partSizeBytes)) {
      parts.push(await this.sendPart(body, fence));
    }
    fence();
    const kept = bodies.filter(({ sizeBytes }) => sizeBytes < partSizeBytes);
    this.#store.transaction(() => {
      this.#store.clearTail();
      this.commitParts(parts);
      for (const body of kept) this.#store.appendTail(body.pieces);
    });
  }

  async #putWhole(body: StoreBody, fence: Fence): Promise<SentRest> {
    const objectKey = this.#nextKey();
    const { etag } = await this.#objects.put(objectKey, body, this.#store.requireState().declaredType);
    fence();
    return { kind: "whole", objectKey, etag, sizeBytes: body.sizeBytes };
  }

  async #beginMultipart(fence: Fence): Promise<{ objectKey: string; multipartId: string }> {
    const { objectKey, multipartId, declaredType } = this.#store.requireState();
    if (objectKey !== null && multipartId !== null) return { objectKey, multipartId };
    const key = this.#nextKey();
    const id = await this.#objects.createMultipart(key, declaredType);
    fence();
    this.#store.update({ objectKey: key, multipartId: id });
    return { objectKey: key, multipartId: id };
  }

  #nextKey(): string {
    const state = this.#store.requireState();
    const attempt = state.objectAttempts + 1;
    this.#store.update({ objectAttempts: attempt });
    return originalKey(refOf(state), attempt);
  }
}

export function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
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
