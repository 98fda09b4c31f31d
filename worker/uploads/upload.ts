import { AppError } from "#contract/errors.ts";
import type { FileId, FileVersionRef, UserId } from "#contract/ids.ts";
import type { ReprDigestName, ReprDigests } from "#contract/jobs.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { EndingSteps } from "./finishing/ending.ts";
import { Ending, hasEnded } from "./finishing/ending.ts";
import type { FinaliseSteps } from "./finishing/finalise.ts";
import { Finaliser } from "./finishing/finalise.ts";
import { sniffSources } from "./joining/copy-sources.ts";
import { isMadeOf } from "./joining/final-sources.ts";
import type { PartialSteps } from "./joining/partial.ts";
import { Partial } from "./joining/partial.ts";
import type { ReservationSteps } from "./state/reservation.ts";
import { Reservation } from "./state/reservation.ts";
import type {
  DueKind,
  PartialDescription,
  PartialSource,
  Uploader,
  UploadKind,
  UploadState,
} from "./state/upload-state.ts";
import { isComplete, isFinalising } from "./state/upload-state.ts";
import type { UploadStore } from "./state/upload-store.ts";
import { ENDING } from "./writing/append-errors.ts";
import type { AppendRequest } from "./writing/append.ts";
import { Append } from "./writing/append.ts";
import { ObjectParts } from "./writing/object-parts.ts";
import { choosePartSize } from "./writing/part-size.ts";
import type { SlabBudget } from "./writing/slabs.ts";
import type { SniffCheck } from "./writing/sniff-gate.ts";
import { Takeover } from "./writing/takeover.ts";
import type { Hold } from "./writing/writer-slot.ts";

/** R2 drops multipart uploads after seven days; ours end before that. */
const LIFETIME_MS = 6 * 24 * 3_600_000;
/** How soon an upload that would have expired is looked at again while an append is at work. */
const LOOK_AGAIN_MS = 10_000;

export interface NewUpload {
  readonly ref: FileVersionRef;
  readonly ownerId: UserId;
  readonly actor: Uploader;
  readonly kind: UploadKind;
  readonly filename: string;
  readonly declaredType: string;
  readonly metadata: string | null;
  readonly concat: string | null;
  readonly reprDigests: ReprDigests;
  readonly wantedDigest: ReprDigestName | null;
  readonly lengthBytes: number | null;
  /** Whether reaching its length is its end (tus) and no body comes with it: an empty one is complete as it is made. */
  readonly completesAtLength: boolean;
  readonly maxBytes: number;
  readonly reservedBytes: number;
  /** How long it lives without progress. */
  readonly idleMs: number;
  /** Of a final upload: the partials that it is made of, in order. */
  readonly sources: readonly PartialSource[];
}

export interface UploadOptions {
  readonly store: UploadStore;
  readonly objects: ObjectStore;
  readonly slabs: SlabBudget;
  readonly steps: FinaliseSteps & EndingSteps & ReservationSteps & PartialSteps;
  readonly sniff: SniffCheck;
  readonly now: () => number;
}

/**
 * One resumable upload: what the protocol front ends work on, in terms of no protocol. Bytes go body → slabs → part →
 * store; what doesn't fill a part when a body ends goes to the tail; the last byte starts finalising.
 */
export class Upload {
  readonly #store: UploadStore;
  readonly #options: UploadOptions;
  readonly #parts: ObjectParts;
  readonly #ending: Ending;
  readonly #reservation: Reservation;
  readonly #finaliser: Finaliser;
  readonly #partial: Partial;
  readonly #takeover = new Takeover();

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#parts = new ObjectParts(options.store, options.objects);
    this.#ending = new Ending(options);
    this.#reservation = new Reservation(options.store, options.steps);
    this.#finaliser = new Finaliser({ ...options, parts: this.#parts, ending: this.#ending });
    this.#partial = new Partial({ ...options, ending: this.#ending });
  }

  get state(): UploadState | undefined {
    return this.#store.state;
  }

  get nowMs(): number {
    return this.#options.now();
  }

  /** Bytes that are durable. Those of a final upload all are from the start: its partials hold them. */
  get offsetBytes(): number {
    const { state } = this.#store;
    if (state !== undefined && isComplete(state)) return state.lengthBytes ?? 0;
    return this.#store.offsetBytes;
  }

  /** Takes the upload over from whatever request works on it; what is on its way to that one is waited for shortly. */
  take(): Promise<Hold> {
    return this.#takeover.take();
  }

  /** The same, to append at `offset`. Throws `UPLOAD_OFFSET_MISMATCH` (takeover.ts). */
  takeAt(offsetBytes: number): Promise<Hold> {
    return this.#takeover.takeAt(offsetBytes);
  }

  /** Makes the upload durable. A second creation under the same id changes nothing. Throws `FILE_TYPE_MISMATCH`. */
  async create(upload: NewUpload): Promise<void> {
    if (this.state !== undefined) return;
    if (upload.kind === "final") await sniffSources(this.#options, upload);
    const { ref, completesAtLength, ...declared } = upload;
    const nowMs = this.#options.now();
    const isWhole = upload.kind === "final" || (completesAtLength && upload.lengthBytes === 0);
    this.#store.transaction(() => {
      this.#store.create({
        ...ref,
        ...declared,
        createdAtMs: nowMs,
        expiresAtMs: nowMs + upload.idleMs,
        due: {},
        phase: "receiving",
        refusal: null,
        knownDigests: {},
        partSizeBytes: upload.kind === "final" ? choosePartSize(null, upload.lengthBytes) : null,
        storedBytes: 0,
        objectKey: null,
        multipartId: null,
        etag: null,
        partAttempts: 0,
        objectAttempts: 0,
        failures: 0,
      });
      this.#parts.keyAhead();
      this.#store.setDue("expire", nowMs + upload.idleMs);
      if (isWhole) this.#finaliser.begin();
    });
    if (isWhole) await this.#finaliser.drive();
  }

  /**
   * Appends a body and returns the new offset, when it is durable. Bytes that arrived before the client went away or
   * another request took over are kept, unless the append has digests, which is all or nothing. Throws
   * `UPLOAD_BODY_TOO_LARGE`, `UPLOAD_LENGTH_EXCEEDED`, `FILE_TYPE_MISMATCH` and `REPR_DIGEST_MISMATCH` (these three end
   * it), `UPLOAD_LENGTH_CONFLICT`, `UPLOAD_CHECKSUM_MISMATCH`, `QUOTA_EXCEEDED`, `UPLOAD_SUPERSEDED`, `STORE_UNAVAILABLE`.
   */
  async append(request: AppendRequest): Promise<number> {
    const state = this.#requireOpen();
    const { hold, source } = request;
    hold.onLeave((haste) => (haste === "at-once" ? source.cut() : source.cutWhenIdle()));
    if (isComplete(state)) {
      // The last request again, because its answer was lost: there is nothing to append to a complete upload.
      if (await bringsNothing(request)) return this.offsetBytes;
      throw new AppError("UPLOAD_COMPLETED");
    }
    this.#checkLength(state, request);
    await this.#settleLength(state, request);
    await this.#runAppend(request);
    await this.#reservation.giveBack();
    if (source.wasCut && !isComplete(this.#store.requireState())) {
      const detail = source.wasSilent ? "Nothing more came of the body, and it was given up." : undefined;
      throw new AppError("UPLOAD_SUPERSEDED", { detail });
    }
    return this.offsetBytes;
  }

  /** Ends the upload and frees what it holds. Throws `UPLOAD_COMPLETED` when it has become a file already. */
  async terminate(): Promise<void> {
    const state = this.#requireOpen();
    if (isComplete(state) && state.kind !== "partial") throw new AppError("UPLOAD_COMPLETED");
    if (isFinalising(state.phase)) throw new AppError("UPLOAD_COMPLETED");
    await this.#ending.end("terminated");
  }

  /** Ends the upload where that is still possible, because its file is being removed: an end or none is fine as well. */
  async abandon(): Promise<void> {
    if (this.#isSettled()) return;
    const hold = await this.take();
    try {
      // It may have been completed by the request that was cut.
      if (!this.#isSettled()) await this.#ending.end("terminated");
    } finally {
      hold.release();
    }
  }

  /** Forgets the upload and all that it holds, whatever it is at: its tenant is being erased. */
  async erase(): Promise<void> {
    const hold = await this.take();
    try {
      // A step of finalising that is being taken would go on with what is no longer there.
      await this.#finaliser.drive();
      hold.fence();
      await this.#ending.erase();
    } finally {
      hold.release();
    }
  }

  /** Whether there is nothing left to end: a complete upload finds its file gone by itself (finalise.ts). */
  #isSettled(): boolean {
    const { state } = this;
    return state === undefined || isComplete(state) || (hasEnded(state) && state.due.expire === undefined);
  }

  /** What there is of this as a partial upload. */
  describePartial(): PartialDescription {
    return this.#partial.describe();
  }

  /** Lets this, a partial upload, know the final one that it was joined to. */
  claimPartial(final: FileVersionRef): Promise<void> {
    return this.#partial.claim(final);
  }

  /** Frees the bytes of a partial upload that a final one has copied. */
  async spendPartial(): Promise<void> {
    const hold = await this.take();
    try {
      await this.#partial.spend();
    } finally {
      hold.release();
    }
  }

  /** Whether this is the final upload of these partials with this metadata, and hasn't come to nothing. */
  isFinalOf(partialIds: readonly FileId[], metadata: string | null): boolean {
    const { state } = this;
    return state !== undefined && !hasEnded(state) && isMadeOf(state, partialIds, metadata);
  }

  /** Does what is due at the alarm: goes on finalising, lets the upload expire, or forgets it. Never throws. */
  async onAlarm(): Promise<void> {
    const due = this.#store.nextDue();
    if (due !== undefined && due.atMs <= this.#options.now()) await this.#doDue(due.kind);
    // An alarm is spent when it rings; what is still due needs another.
    if (this.state !== undefined) this.#store.armAlarm();
  }

  /** An error after which the upload can never become a file ends it. */
  async #runAppend(request: AppendRequest): Promise<void> {
    const { fence } = request.hold;
    try {
      await this.#parts.storeOverlongTail(fence);
      await this.#runOne(request);
    } catch (error) {
      if (error instanceof AppError && ENDING.has(error.code)) {
        fence();
        await this.#ending.refuse(error.code, error.detail);
      }
      throw error;
    }
  }

  async #runOne(request: AppendRequest): Promise<void> {
    const append = new Append(
      {
        ...this.#options,
        parts: this.#parts,
        finaliser: this.#finaliser,
        reservation: this.#reservation,
        slideExpiry: () => this.#slideExpiry(),
      },
      request,
    );
    await this.#takeover.run(append, request.hold);
  }

  #checkLength(state: UploadState, request: AppendRequest): void {
    const { lengthBytes = state.lengthBytes ?? undefined, bodyBytes, completion } = request;
    const endBytes = this.offsetBytes + (bodyBytes ?? 0);
    if (lengthBytes === undefined) {
      if (endBytes > state.maxBytes) throw new AppError("FILE_TOO_LARGE");
      return;
    }
    const contradicts = state.lengthBytes !== null && state.lengthBytes !== lengthBytes;
    if (contradicts || lengthBytes < this.offsetBytes) throw new AppError("UPLOAD_LENGTH_CONFLICT");
    if (lengthBytes > state.maxBytes) throw new AppError("FILE_TOO_LARGE");
    if (endBytes > lengthBytes && completion === "at-length") throw new AppError("UPLOAD_BODY_TOO_LARGE");
  }

  /** Reserves what a request needs that tells the upload's length. */
  async #settleLength(state: UploadState, { lengthBytes, bodyBytes, hold }: AppendRequest): Promise<void> {
    if (state.lengthBytes !== null || lengthBytes === undefined) return;
    await this.#reservation.settle(lengthBytes, this.offsetBytes + (bodyBytes ?? 0) === lengthBytes);
    hold.fence();
  }

  /**
   * Whether what is reserved for it is still needed: not by what is unknown here, has ended, or is stored and counts
   * itself. A partial upload's is, for as long as its bytes are kept. Writes nothing.
   */
  get needsReservation(): boolean {
    const { state } = this;
    if (state === undefined || hasEnded(state)) return false;
    return state.phase !== "done" || (state.kind === "partial" && state.objectKey !== null);
  }

  #slideExpiry(): void {
    const { createdAtMs, idleMs } = this.#store.requireState();
    const expiresAtMs = Math.min(this.#options.now() + idleMs, createdAtMs + LIFETIME_MS);
    // The alarm stays where it is and looks again when it rings: moving it would cost every append a write.
    this.#store.update({ expiresAtMs });
  }

  async #doDue(kind: DueKind): Promise<void> {
    switch (kind) {
      case "finalise":
        if (!isFinalising(this.#store.requireState().phase)) return this.#store.clearDue("finalise");
        return this.#finaliser.drive();
      case "expire":
        return this.#expire();
      case "forget":
        return this.#store.forget();
    }
  }

  /** Whether the upload has made progress since its end was set, or is making some. */
  #putOffExpiry(): boolean {
    const { phase, expiresAtMs } = this.#store.requireState();
    const nowMs = this.#options.now();
    if (phase !== "receiving" || (expiresAtMs <= nowMs && !this.#takeover.isReceiving)) return false;
    this.#store.setDue("expire", expiresAtMs > nowMs ? expiresAtMs : nowMs + LOOK_AGAIN_MS);
    return true;
  }

  async #expire(): Promise<void> {
    if (this.#putOffExpiry()) return;
    const hold = await this.take();
    try {
      if (this.#putOffExpiry()) return;
      const state = this.#store.requireState();
      // It may have been completed by the request that was cut.
      if (hasEnded(state) || state.kind === "partial" || !isComplete(state))
        await this.#ending.end("expired");
    } catch (error) {
      // What is left to do is due again (ending.ts).
      console.error({ event: "expiry-postponed", uploadId: this.state?.fileId, error: String(error) });
    } finally {
      hold.release();
    }
  }

  /** Throws what an upload that has ended answers for ever, or `UPLOAD_NOT_FOUND`. */
  #requireOpen(): UploadState {
    const { state } = this;
    if (state === undefined || state.phase === "terminated") throw new AppError("UPLOAD_NOT_FOUND");
    if (state.phase === "expired") throw new AppError("UPLOAD_EXPIRED");
    if (state.refusal !== null)
      throw new AppError(state.refusal.code, { detail: state.refusal.detail ?? undefined });
    return state;
  }

  /** The state of an upload that can still be asked for. Throws as every request to one that has ended does. */
  requireState(): UploadState {
    return this.#requireOpen();
  }
}

/** Whether a body is empty; a chunked one has to be read to know. */
async function bringsNothing({ bodyBytes, source }: AppendRequest): Promise<boolean> {
  if (bodyBytes !== null) return bodyBytes === 0;
  return (await source.read()).kind === "end";
}
