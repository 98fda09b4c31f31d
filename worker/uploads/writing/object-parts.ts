import { AppError } from "#contract/errors.ts";
import { originalKey } from "#contract/keys.ts";
import type { ObjectStore, StoreBody, StoredPart } from "../../storage/object-store.ts";
import { hasEnded } from "../state/phases.ts";
import { refOf } from "../state/upload-state.ts";
import type { UploadStore } from "../state/upload-store.ts";
import { Attempts } from "./attempts.ts";

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

interface Multipart {
  readonly objectKey: string;
  readonly multipartId: string;
}

/** Part numbers that may be lost by drawing them ahead: of 10,000 that a store takes, a file may need 9,000. */
const SPARE_NUMBERS = 500;

/**
 * The bytes of one upload in the object store. Every attempt, of a part or of a whole object, takes a number or a key
 * of its own that is durable before the call: an attempt that was given up may land whenever it likes and harms nothing.
 * Sending and committing are apart, so that whoever must first be sure of the bytes can be.
 */
export class ObjectParts {
  readonly #store: UploadStore;
  readonly #objects: ObjectStore;
  readonly #partNumbers: Attempts;
  readonly #objectNumbers: Attempts;
  /** The multipart upload that is being begun, and for whom: another's fence says nothing of this one. */
  #beginning: { readonly fence: Fence; readonly begun: Promise<Multipart> } | undefined;
  /** The full parts of the tail that begins there, being sent or sent. */
  #tail: { readonly fromBytes: number; readonly sent: Promise<readonly SentPart[]> } | undefined;

  constructor(store: UploadStore, objects: ObjectStore) {
    this.#store = store;
    this.#objects = objects;
    this.#partNumbers = new Attempts(store, "partAttempts");
    this.#objectNumbers = new Attempts(store, "objectAttempts");
  }

  /**
   * Begins what the first part needs, while the bytes of that part still come. Never rejects: where it fails, the part
   * tries again.
   */
  async prepare(fence: Fence): Promise<void> {
    await this.#beginMultipart(fence).catch(() => {});
  }

  /**
   * Sends one part under a number of its own, and once more under another where the store fails for the moment: its bytes
   * are still at hand. Safe, because an attempt that landed all the same is no part of what is completed.
   */
  async sendPart(body: StoreBody, fence: Fence): Promise<SentPart> {
    try {
      return await this.#attemptPart(body, fence);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "STORE_UNAVAILABLE") throw error;
      fence();
      return this.#attemptPart(body, fence);
    }
  }

  async #attemptPart(body: StoreBody, fence: Fence): Promise<SentPart> {
    const { objectKey, multipartId } = await this.#beginMultipart(fence);
    const partNumber = this.#partNumbers.next();
    const etag = await this.#objects.storePart(objectKey, multipartId, partNumber, body);
    return { partNumber, etag, sizeBytes: body.sizeBytes };
  }

  /** Sends all that is left: as the last parts, or, where there are none before it and it fits, as the whole object. */
  async sendRest(bodies: readonly StoreBody[], fence: Fence): Promise<SentRest> {
    if (this.#store.requireState().multipartId === null && bodies.length <= 1) {
      return this.#putWhole(bodies[0] ?? { pieces: [], sizeBytes: 0 });
    }
    const parts: SentPart[] = [];
    for (const body of bodies) parts.push(await this.sendPart(body, fence));
    return { kind: "parts", parts };
  }

  /** Writes the key of the first attempt down with the upload itself. To be called within a transaction. */
  keyAhead(): void {
    this.#objectNumbers.drawAhead();
  }

  /** Writes the next part's number down with what is committed now. To be called within a transaction. */
  numberAhead(): void {
    const { partAttempts, storedBytes, partSizeBytes } = this.#store.requireState();
    if (partSizeBytes === null) return;
    if (partAttempts - Math.floor(storedBytes / partSizeBytes) < SPARE_NUMBERS) this.#partNumbers.drawAhead();
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
    this.#store.tail.clear();
    if (rest.kind === "parts") {
      this.commitParts(rest.parts);
      return;
    }
    this.#store.update({ objectKey: rest.objectKey, etag: rest.etag, storedBytes: rest.sizeBytes });
  }

  /**
   * Stores the full parts of an overlong tail, which a store that failed leaves behind. Whoever comes while that is under
   * way waits for the same: those bytes are the upload's, whoever has it.
   */
  async storeOverlongTail(fence: Fence): Promise<void> {
    const { partSizeBytes } = this.#store.requireState();
    if (partSizeBytes === null || this.#store.tail.sizeBytes < partSizeBytes) return;
    const parts = await this.#sendTailOnce(partSizeBytes);
    fence();
    this.#store.transaction(() => {
      const kept = this.#store.tail
        .bodies(partSizeBytes)
        .slice(parts.length)
        .flatMap(({ pieces }) => Array.from(pieces, (piece) => piece.slice()));
      this.#store.tail.clear();
      this.commitParts(parts);
      this.#store.tail.append(kept);
    });
  }

  #sendTailOnce(partSizeBytes: number): Promise<readonly SentPart[]> {
    const { storedBytes } = this.#store.requireState();
    if (this.#tail?.fromBytes === storedBytes) return this.#tail.sent;
    const tail = { fromBytes: storedBytes, sent: this.#sendTail(storedBytes, partSizeBytes) };
    this.#tail = tail;
    // One that failed is begun anew by the next; whoever waits for it hears of it.
    tail.sent.catch(() => {
      if (this.#tail === tail) this.#tail = undefined;
    });
    return tail.sent;
  }

  async #sendTail(fromBytes: number, partSizeBytes: number): Promise<readonly SentPart[]> {
    const fence = (): void => {
      const { state } = this.#store;
      if (state === undefined || hasEnded(state) || state.storedBytes !== fromBytes)
        throw new AppError("UPLOAD_SUPERSEDED");
    };
    const bodies = this.#store.tail.bodies(partSizeBytes);
    const parts: SentPart[] = [];
    for (const body of bodies.filter(({ sizeBytes }) => sizeBytes === partSizeBytes)) {
      parts.push(await this.sendPart(body, fence));
    }
    return parts;
  }

  /** Writes nothing down: whoever commits it asks then whether he still may. */
  async #putWhole(body: StoreBody): Promise<SentRest> {
    const objectKey = this.#nextKey();
    const { etag } = await this.#objects.put(objectKey, body, this.#store.requireState().declaredType);
    return { kind: "whole", objectKey, etag, sizeBytes: body.sizeBytes };
  }

  async #beginMultipart(fence: Fence): Promise<Multipart> {
    const { objectKey, multipartId } = this.#store.requireState();
    if (objectKey !== null && multipartId !== null) return { objectKey, multipartId };
    if (this.#beginning?.fence === fence) return this.#beginning.begun;
    const beginning = { fence, begun: this.#createMultipart(fence) };
    this.#beginning = beginning;
    try {
      return await beginning.begun;
    } finally {
      if (this.#beginning === beginning) this.#beginning = undefined;
    }
  }

  async #createMultipart(fence: Fence): Promise<Multipart> {
    const { declaredType } = this.#store.requireState();
    const key = this.#nextKey();
    const id = await this.#objects.createMultipart(key, declaredType);
    fence();
    this.#store.update({ objectKey: key, multipartId: id });
    return { objectKey: key, multipartId: id };
  }

  #nextKey(): string {
    return originalKey(refOf(this.#store.requireState()), this.#objectNumbers.next());
  }
}
