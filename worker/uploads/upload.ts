import { AppError } from "#contract/errors.ts";
import type { FileVersionRef, UserId } from "#contract/ids.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { BodySource } from "./body-source.ts";
import type { FinaliseSteps } from "./finalise.ts";
import { Finaliser, isFinalising } from "./finalise.ts";
import { ObjectParts } from "./object-parts.ts";
import { choosePartSize } from "./part-size.ts";
import { PartWriter } from "./part-writer.ts";
import type { SlabBudget } from "./slabs.ts";
import type { DueKind, UploadState, UploadStore } from "./upload-state.ts";
import { REMEMBERED_MS, refOf } from "./upload-state.ts";
import type { Hold } from "./writer-slot.ts";
import { WriterSlot } from "./writer-slot.ts";

/** R2 drops multipart uploads after seven days; ours end before that. */
const LIFETIME_MS = 6 * 24 * 3_600_000;
const END_RETRY_MS = 60_000;

export interface NewUpload {
  readonly ref: FileVersionRef;
  readonly ownerId: UserId;
  readonly declaredType: string;
  readonly metadata: string | null;
  readonly lengthBytes: number | null;
}

export interface AppendRequest {
  readonly source: BodySource;
  /** Content-Length, or null for a body that doesn't tell. */
  readonly bodyBytes: number | null;
  readonly hold: Hold;
}

export interface UploadOptions {
  readonly store: UploadStore;
  readonly objects: ObjectStore;
  readonly slabs: SlabBudget;
  readonly steps: FinaliseSteps & { forget(ref: FileVersionRef): Promise<void> };
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
  readonly #finaliser: Finaliser;
  readonly #slot = new WriterSlot();
  /** The append at work, if there is one, and where it began. */
  #writer: PartWriter | undefined;
  #writerOffsetBytes = 0;

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#parts = new ObjectParts(options.store, options.objects);
    this.#finaliser = new Finaliser({ ...options, parts: this.#parts });
  }

  get state(): UploadState | undefined {
    return this.#store.state;
  }

  get offsetBytes(): number {
    return this.#store.offsetBytes;
  }

  /** Takes the upload over from whatever request works on it; what is on its way to that one is waited for shortly. */
  take(): Promise<Hold> {
    return this.#slot.take("when-idle");
  }

  /**
   * Takes the upload over to append at `offset`. Throws `UPLOAD_OFFSET_MISMATCH` at once, and leaves the request at
   * work alone, where that one has got further: the append would be refused after it had done its harm.
   */
  async takeAt(offsetBytes: number): Promise<Hold> {
    const liveBytes = this.#writer?.receivedBytes ?? 0;
    if (liveBytes > 0 && offsetBytes !== this.#writerOffsetBytes + liveBytes) {
      throw new AppError("UPLOAD_OFFSET_MISMATCH");
    }
    return this.#slot.take("at-once");
  }

  /** Makes the upload durable. A second creation under the same id changes nothing. */
  async create(upload: NewUpload): Promise<void> {
    if (this.state !== undefined) return;
    const nowMs = this.#options.now();
    const expiresAtMs = nowMs + LIFETIME_MS;
    this.#store.transaction(() => {
      this.#store.create({
        ...upload.ref,
        ownerId: upload.ownerId,
        declaredType: upload.declaredType,
        metadata: upload.metadata,
        lengthBytes: upload.lengthBytes,
        createdAtMs: nowMs,
        expiresAtMs,
        phase: "receiving",
        partSizeBytes: null,
        storedBytes: 0,
        objectKey: null,
        multipartId: null,
        etag: null,
        partAttempts: 0,
        objectAttempts: 0,
        failures: 0,
      });
      this.#store.setDue("expire", expiresAtMs);
      if (upload.lengthBytes === 0) this.#finaliser.begin();
    });
    if (upload.lengthBytes === 0) await this.#finaliser.drive();
  }

  /**
   * Appends a body and returns the new offset, when it is durable. Bytes that arrived before the client went away or
   * another request took over are kept. Throws `UPLOAD_BODY_TOO_LARGE` (nothing of the last part is kept then),
   * `UPLOAD_SUPERSEDED`, `UPLOAD_BUSY` and `STORE_UNAVAILABLE`.
   */
  async append(request: AppendRequest): Promise<number> {
    const { hold, source, bodyBytes } = request;
    // The last request again, because its answer was lost: there is nothing to append to a complete upload.
    if (bodyBytes === 0 && this.#isComplete()) return this.offsetBytes;
    const state = this.#requireReceiving();
    hold.onLeave((haste) => (haste === "at-once" ? source.cut() : source.leave()));
    await this.#parts.storeOverlongTail(hold.fence);
    const writer = this.#beginWriter(state, request);
    try {
      await this.#pump(source, writer, this.#roomBytes(state));
      await this.#completeOrKeep(writer, hold);
    } catch (error) {
      await this.#keepAfter(error, writer);
    } finally {
      if (this.#writer === writer) this.#writer = undefined;
    }
    if (source.wasCut && !this.#isComplete()) throw new AppError("UPLOAD_SUPERSEDED");
    return this.offsetBytes;
  }

  /** Ends the upload without a file and frees what it holds. Throws `UPLOAD_COMPLETED` when there is a file already. */
  async terminate(): Promise<void> {
    this.#requireReceiving();
    await this.#end("terminated");
  }

  /** Does what is due at the alarm: goes on finalising, lets the upload expire, or forgets it. Never throws. */
  async onAlarm(): Promise<void> {
    const due = this.#store.nextDue();
    if (due !== undefined && due.atMs <= this.#options.now()) await this.#doDue(due.kind);
    // An alarm is spent when it rings; what is still due needs another.
    if (this.state !== undefined) this.#store.armAlarm();
  }

  async #doDue(kind: DueKind): Promise<void> {
    switch (kind) {
      case "finalise":
        return this.#finaliser.drive();
      case "expire":
        return this.#expire();
      case "forget":
        return this.#store.forget();
    }
  }

  async #expire(): Promise<void> {
    const hold = await this.take();
    try {
      await this.#end("expired");
    } catch (error) {
      // What is left to do is due again (#end).
      console.error({ event: "expiry-postponed", uploadId: this.state?.fileId, error: String(error) });
    } finally {
      hold.release();
    }
  }

  async #pump(source: BodySource, writer: PartWriter, roomBytes: number): Promise<void> {
    for (;;) {
      const event = await source.read();
      if (event.kind !== "bytes") return;
      if (writer.receivedBytes + event.bytes.byteLength > roomBytes) {
        source.cut();
        throw new AppError("UPLOAD_BODY_TOO_LARGE");
      }
      await writer.write(event.bytes);
    }
  }

  async #completeOrKeep(writer: PartWriter, hold: Hold): Promise<void> {
    if (this.#writerOffsetBytes + writer.receivedBytes !== this.#requireState().lengthBytes) {
      await writer.keep();
      return;
    }
    const remainder = await writer.remainder();
    await this.#parts.storeRemainder(remainder, hold.fence, () => this.#finaliser.begin());
    writer.release();
    await this.#finaliser.drive();
  }

  /** What was received before `error` is made durable. That may be all of it: then it is no error any more. */
  async #keepAfter(error: unknown, writer: PartWriter): Promise<void> {
    if (error instanceof AppError && error.code === "UPLOAD_BODY_TOO_LARGE") {
      await writer.discard();
      throw error;
    }
    const isComplete = () => this.offsetBytes === this.#requireState().lengthBytes;
    await writer.keep(() => {
      if (isComplete()) this.#finaliser.begin();
    });
    if (!isComplete()) throw error;
    await this.#finaliser.drive();
  }

  #beginWriter(state: UploadState, request: AppendRequest): PartWriter {
    const partSizeBytes = state.partSizeBytes ?? choosePartSize(request.bodyBytes, state.lengthBytes);
    if (state.partSizeBytes === null) this.#store.update({ partSizeBytes });
    this.#writerOffsetBytes = this.offsetBytes;
    this.#writer = new PartWriter({
      store: this.#store,
      parts: this.#parts,
      slabs: this.#options.slabs,
      fence: request.hold.fence,
      partSizeBytes,
      expectedBytes: Math.min(request.bodyBytes ?? Number.MAX_SAFE_INTEGER, this.#roomBytes(state)),
      missingBytes: this.#roomBytes(state),
    });
    return this.#writer;
  }

  #isComplete(): boolean {
    return this.state !== undefined && (isFinalising(this.state) || this.state.phase === "done");
  }

  #roomBytes(state: UploadState): number {
    return (state.lengthBytes ?? Number.MAX_SAFE_INTEGER) - this.offsetBytes;
  }

  /** Nothing is taken from here on; if a step fails, the alarm does it all again in a minute. */
  async #end(phase: "terminated" | "expired"): Promise<void> {
    const state = this.#requireState();
    if (this.#isComplete()) return;
    const nowMs = this.#options.now();
    this.#store.transaction(() => {
      this.#store.update({ phase });
      this.#store.setDue("expire", nowMs + END_RETRY_MS);
    });
    await this.#options.steps.forget(refOf(state));
    if (state.objectKey !== null && state.multipartId !== null) {
      await this.#options.objects.abortMultipart(state.objectKey, state.multipartId);
    }
    this.#store.transaction(() => {
      this.#store.clearBytes();
      this.#store.clearDue("expire");
      this.#store.setDue("forget", nowMs + REMEMBERED_MS);
    });
  }

  #requireState(): UploadState {
    if (this.state === undefined) throw new AppError("UPLOAD_NOT_FOUND");
    return this.state;
  }

  #requireReceiving(): UploadState {
    const state = this.#requireState();
    if (state.phase === "terminated" || state.phase === "expired") throw new AppError("UPLOAD_NOT_FOUND");
    if (state.phase !== "receiving") throw new AppError("UPLOAD_COMPLETED");
    return state;
  }
}
