import { AppError } from "#contract/errors.ts";
import type { FileId } from "#contract/ids.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { Alarm } from "./finishing/alarm.ts";
import { Ending } from "./finishing/ending.ts";
import { Finaliser } from "./finishing/finalise.ts";
import { Removal } from "./finishing/removal.ts";
import { sniffSources } from "./joining/copy-sources.ts";
import { isMadeOf } from "./joining/final-sources.ts";
import { joinableSource } from "./joining/joinable.ts";
import type { Outside } from "./outside.ts";
import { bringsNothing, checkLength, settleLength } from "./state/append-length.ts";
import { Expiry } from "./state/expiry.ts";
import type { NewUpload } from "./state/new-upload.ts";
import { initialState } from "./state/new-upload.ts";
import { hasEnded, isComplete } from "./state/phases.ts";
import { Reservation } from "./state/reservation.ts";
import { needsReservation, requireOpen } from "./state/standing.ts";
import type { PartialSource, UploadState } from "./state/upload-state.ts";
import { refOf } from "./state/upload-state.ts";
import type { UploadStore } from "./state/upload-store.ts";
import { ENDING } from "./writing/append-errors.ts";
import type { AppendRequest } from "./writing/append.ts";
import { Append } from "./writing/append.ts";
import { ObjectParts } from "./writing/object-parts.ts";
import { Repeats } from "./writing/repeats.ts";
import type { SniffCheck } from "./writing/require-content.ts";
import type { SlabBudget } from "./writing/slabs.ts";
import { Takeover } from "./writing/takeover.ts";
import type { Hold } from "./writing/writer-slot.ts";

export interface UploadOptions {
  readonly store: UploadStore;
  readonly objects: ObjectStore;
  readonly slabs: SlabBudget;
  readonly outside: Outside;
  readonly sniff: SniffCheck;
  /** How long one whose creation's client went away lives unless it is asked for. */
  readonly graceMs: () => number;
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
  readonly #expiry: Expiry;
  readonly #alarm: Alarm;
  readonly #finaliser: Finaliser;
  readonly #takeover = new Takeover();
  /** Whether an append that was cut comes again. */
  readonly repeats = new Repeats();
  /** Every way to end the upload from outside. */
  readonly removal: Removal;

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#parts = new ObjectParts(options.store, options.objects);
    this.#ending = new Ending(options);
    this.#reservation = new Reservation(options.store, options.outside);
    this.#expiry = new Expiry(options.store, options.now);
    this.#finaliser = new Finaliser({ ...options, parts: this.#parts, ending: this.#ending });
    this.#alarm = new Alarm({
      ...options,
      expiry: this.#expiry,
      finaliser: this.#finaliser,
      ending: this.#ending,
      take: () => this.#takeover.take(),
      isAtWork: () => this.#takeover.isReceiving,
    });
    this.removal = new Removal({
      store: options.store,
      ending: this.#ending,
      finaliser: this.#finaliser,
      take: () => this.take(),
    });
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
  async take(): Promise<Hold> {
    return this.#asked(await this.#takeover.take());
  }

  /** The same, to append at `offset`. Throws `UPLOAD_OFFSET_MISMATCH` (takeover.ts). */
  async takeAt(offsetBytes: number): Promise<Hold> {
    return this.#asked(await this.#takeover.takeAt(offsetBytes));
  }

  #asked(hold: Hold): Hold {
    if (this.state?.due.unasked !== undefined) this.#store.clearDue("unasked");
    return hold;
  }

  /**
   * Lets an upload end soon whose creation's client went away before it was told the address: nobody knows that, and a
   * retry makes another. Whoever asks for it after all does know it, and a grant's holder can ask for it again.
   */
  endUnlessAsked({ fence }: Hold): void {
    const { state } = this;
    if (state?.phase !== "receiving" || state.actor?.kind === "grant") return;
    try {
      fence();
    } catch {
      // Somebody has asked for it already.
      return;
    }
    this.#store.setDue("unasked", this.#options.now() + this.#options.graceMs());
  }

  /** Makes the upload durable. A second creation under the same id changes nothing. Throws `FILE_TYPE_MISMATCH`. */
  async create(upload: NewUpload): Promise<void> {
    if (this.state !== undefined) return;
    if (upload.kind === "final") await sniffSources(this.#options, upload);
    const nowMs = this.#options.now();
    const { kind, completesAtLength, lengthBytes } = upload;
    const isWhole = kind === "final" || (completesAtLength && lengthBytes === 0);
    this.#store.transaction(() => {
      this.#store.create(initialState(upload, nowMs));
      this.#parts.keyAhead();
      this.#store.setDue("expire", nowMs + upload.idleMs);
      if (isWhole) this.#finaliser.begin();
    });
    if (isWhole) await this.#finaliser.drive();
  }

  /** Whether this is the upload of that creation, by a grant, and hasn't come to nothing. */
  wasCreatedBy(creationKey: string | null): boolean {
    const { state } = this;
    return (
      state !== undefined && !hasEnded(state) && creationKey !== null && state.creationKey === creationKey
    );
  }

  /**
   * Ends a complete upload whose file was purged. To be asked where something is reserved for it: a purge tells complete
   * uploads nothing, and the creation that comes again by a grant then makes a record that nothing would ever be stored for.
   */
  async endIfPurged(): Promise<void> {
    const { state } = this;
    if (state?.phase !== "done" || state.kind === "partial") return;
    if (!(await this.#options.outside.isRecorded(refOf(state)))) this.#ending.outliveFile();
  }

  /**
   * Appends a body and returns the new offset, when it is durable. Bytes that arrived before the client went away or
   * another request took over are kept, unless the append has digests, which is all or nothing. Throws
   * `UPLOAD_BODY_TOO_LARGE`, `UPLOAD_LENGTH_EXCEEDED`, `FILE_TYPE_MISMATCH` and `REPR_DIGEST_MISMATCH` (these three end
   * it), `UPLOAD_LENGTH_CONFLICT`, `UPLOAD_CHECKSUM_MISMATCH`, `QUOTA_EXCEEDED`, `UPLOAD_SUPERSEDED`, `STORE_UNAVAILABLE`.
   */
  async append(request: AppendRequest): Promise<number> {
    const state = this.requireState();
    const { hold, source } = request;
    hold.onLeave((haste) => (haste === "at-once" ? source.cut() : source.cutWhenIdle()));
    if (isComplete(state)) {
      // The last request again, because its answer was lost: there is nothing to append to a complete upload.
      if (await bringsNothing(request)) return this.offsetBytes;
      throw new AppError("UPLOAD_COMPLETED");
    }
    checkLength(state, this.offsetBytes, request);
    await settleLength(this.#reservation, state, this.offsetBytes, request);
    const fromBytes = this.offsetBytes;
    await this.#runAppend(request);
    if (source.endedEarly) this.repeats.expect(fromBytes);
    await this.#reservation.giveBack();
    if (source.wasCut && !isComplete(this.#store.requireState())) {
      const detail = source.wasSilent ? "Nothing more came of the body, and it was given up." : undefined;
      throw new AppError("UPLOAD_SUPERSEDED", { detail });
    }
    return this.offsetBytes;
  }

  /** The bytes that this, a complete partial upload, brings to a final one; null where it is none. */
  joinable(): PartialSource | null {
    return joinableSource(this.#store, this.nowMs);
  }

  /** Whether this is the final upload of these partials with this metadata, and hasn't come to nothing. */
  isFinalOf(partialIds: readonly FileId[], metadata: string | null): boolean {
    const { state } = this;
    return state !== undefined && !hasEnded(state) && isMadeOf(state, partialIds, metadata);
  }

  /** Does what is due at the alarm: goes on finalising, lets the upload expire, or forgets it. Never throws. */
  onAlarm(): Promise<void> {
    return this.#alarm.ring();
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
        slideExpiry: () => this.#expiry.slide(),
      },
      request,
    );
    await this.#takeover.run(append, request.hold);
  }

  /** Whether what is reserved for it is still needed. Writes nothing, but for an alarm that was lost. */
  async needsReservation(): Promise<boolean> {
    await this.#store.restoreAlarm();
    return needsReservation(this.state);
  }

  /** The state of an upload that can still be asked for. Throws as every request to one that has ended does. */
  requireState(): UploadState {
    return requireOpen(this.state);
  }
}
