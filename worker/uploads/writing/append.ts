import { AppError } from "#contract/errors.ts";
import type { ReprDigests } from "#contract/jobs.ts";
import type { Finaliser } from "../finishing/finalise.ts";
import type { Reservation } from "../state/reservation.ts";
import type { UploadStore } from "../state/upload-store.ts";
import { DISCARDING } from "./append-errors.ts";
import { AppendRoom } from "./append-room.ts";
import { BodyChecks } from "./body-checks.ts";
import type { BodySource } from "./body-source.ts";
import type { ExpectedDigest } from "./digests.ts";
import type { ObjectParts } from "./object-parts.ts";
import { choosePartSize } from "./part-size.ts";
import { PartWriter } from "./part-writer.ts";
import type { SniffCheck } from "./require-content.ts";
import type { SlabBudget } from "./slabs.ts";
import type { WorkingAppend } from "./takeover.ts";
import { STORE_PATIENCE_MS } from "./times.ts";
import { ToldLength } from "./told-length.ts";
import type { Haste, Hold } from "./writer-slot.ts";

/**
 * What ends an upload: reaching its length (tus), the client's word with this append (IETF, `?1`), or nothing for now
 * (IETF, `?0`).
 */
export type Completion = "at-length" | "with-this" | "not-yet";

export interface AppendRequest {
  readonly source: BodySource;
  readonly hold: Hold;
  /** Content-Length, or null for a body that doesn't tell. */
  readonly bodyBytes: number | null;
  readonly completion: Completion;
  /** The upload's length, where this request is the one that tells it. */
  readonly lengthBytes?: number | undefined;
  /** Digests of this body: nothing of it is kept unless they are right. */
  readonly digests: readonly ExpectedDigest[];
}

export interface AppendOptions {
  readonly store: UploadStore;
  readonly parts: ObjectParts;
  readonly slabs: SlabBudget;
  readonly finaliser: Finaliser;
  readonly sniff: SniffCheck;
  readonly reservation: Reservation;
  /** Moves the upload's expiry; part of the commit of whatever progress was made. */
  readonly slideExpiry: () => void;
}

/** One append at work: body → digests and sniffing → parts and tail, and the end of the upload if this is it. */
export class Append implements WorkingAppend {
  readonly #options: AppendOptions;
  readonly #request: AppendRequest;
  readonly #writer: PartWriter;
  readonly #checks: BodyChecks;
  readonly #room: AppendRoom;
  readonly #length: ToldLength;
  /** The memory of a stalled client being given back: nothing is written before that is done. */
  #spilling: Promise<void> | undefined;
  /** Why it couldn't be. */
  #failure: Error | undefined;
  readonly #finished = Promise.withResolvers<void>();
  /** Resolved when the append is to leave: the database isn't waited for then. */
  readonly #leaving = Promise.withResolvers<"leaving">();
  /** Where the append begins. */
  readonly #offsetBytes: number;

  constructor(options: AppendOptions, request: AppendRequest) {
    this.#options = options;
    this.#request = request;
    const { store, sniff, reservation } = options;
    this.#length = new ToldLength(store, request);
    this.#offsetBytes = store.offsetBytes;
    this.#room = new AppendRoom({
      reservation,
      offsetBytes: this.#offsetBytes,
      endBytes: this.#length.endBytes,
      overflow: () => this.#length.overflow(),
      leaving: this.#leaving.promise,
    });
    const bringsAll = this.#offsetBytes === 0 && request.completion !== "not-yet";
    this.#checks = new BodyChecks({ store, sniff, digests: request.digests, bringsAll });
    this.#writer = this.#openWriter();
    request.source.onTick = () => this.#writer.renew();
    request.source.onStalled = () => {
      this.#spilling = this.#writer.spill().catch((error: unknown) => {
        // Its memory is to come back all the same: the append ends here, with what it has.
        this.#failure = error instanceof Error ? error : new Error(String(error));
        request.source.cut();
      });
    };
  }

  /** Where the upload would be if the append ended now. */
  get liveOffsetBytes(): number {
    return this.#offsetBytes + this.#writer.receivedBytes;
  }

  /** Whether the append has brought anything yet. */
  get hasReceived(): boolean {
    return this.#writer.receivedBytes > 0;
  }

  /** Whether nothing has come for most of a second. */
  get isIdle(): boolean {
    return this.#request.source.isIdle;
  }

  /** Whether nothing has come for a good while. */
  get isQuiet(): boolean {
    return this.#request.source.isQuiet;
  }

  /** Waits until the append is done, but not for one that has stalled, and no longer than `limitMs`. */
  async finishesWithin(limitMs: number): Promise<void> {
    if (this.isIdle) return;
    const patience = new Promise<void>((resolve) => setTimeout(resolve, limitMs));
    await Promise.race([this.#finished.promise, patience]);
  }

  /** Ends the append early, with what it has: at once, or when it has what is on its way. */
  stepAside(haste: Haste): void {
    this.#leaving.resolve("leaving");
    if (haste === "at-once") {
      this.#request.source.cut();
      this.#writer.hurry();
      return;
    }
    this.#request.source.cutWhenIdle();
    // A store that is slow to answer mustn't cost the bytes that are in memory: they go to the tail instead.
    setTimeout(() => this.#writer.hurry(), STORE_PATIENCE_MS);
  }

  /** Takes the whole body. What it throws has left the upload in a state that is durable and truthful. */
  async run(): Promise<void> {
    try {
      const ending = await this.#pump();
      await this.#conclude(ending);
    } catch (error) {
      await this.#rescue(error);
    } finally {
      this.#finished.resolve();
      this.#checks.abandon();
    }
  }

  #openWriter(): PartWriter {
    const { store, parts, slabs } = this.#options;
    const { hold, bodyBytes, digests } = this.#request;
    const { partSizeBytes: known, maxBytes } = store.requireState();
    const lengthBytes = this.#length.bytes;
    const partSizeBytes = known ?? choosePartSize(bodyBytes, lengthBytes ?? maxBytes);
    // An append of nothing says nothing of those to come.
    if (known === null && bodyBytes !== 0) store.note({ partSizeBytes });
    const partRoomBytes = partSizeBytes - store.tail.sizeBytes;
    return new PartWriter({
      store,
      parts,
      slabs,
      fence: hold.fence,
      partSizeBytes,
      expectedBytes: Math.min(bodyBytes ?? Number.MAX_SAFE_INTEGER, this.#room.bytes),
      missingBytes: this.#room.bytes,
      fillsPart:
        bodyBytes !== null &&
        bodyBytes >= partRoomBytes &&
        (bodyBytes > partRoomBytes || (lengthBytes !== undefined && this.#room.bytes > partRoomBytes)),
      holdsBack: digests.length > 0,
      onPart: this.#options.slideExpiry,
    });
  }

  async #pump(): Promise<"end" | "cut"> {
    for (;;) {
      const event = await this.#request.source.read();
      if (this.#spilling !== undefined) {
        await this.#spilling;
        this.#spilling = undefined;
        if (this.#failure !== undefined) throw this.#failure;
      }
      if (event.kind !== "bytes") return event.kind;
      // This runs once for every read, and an await of nothing isn't free.
      if (!this.#takeAtOnce(event.bytes)) await this.#take(event.bytes);
    }
  }

  /** Takes bytes that nobody but the writer looks at, if there is memory for them; false where there is more to do. */
  #takeAtOnce(bytes: Uint8Array): boolean {
    if (!this.#checks.areOver || !this.#room.isThereFor(this.#writer.receivedBytes + bytes.byteLength))
      return false;
    return this.#writer.writeAtOnce(bytes);
  }

  async #take(bytes: Uint8Array): Promise<void> {
    await this.#room.makeFor(this.#writer.receivedBytes + bytes.byteLength);
    await this.#checks.look(bytes);
    await this.#writer.write(bytes);
  }

  async #conclude(ending: "end" | "cut"): Promise<void> {
    if (this.#request.digests.length > 0 && ending === "cut") return this.#writer.discard();
    await this.#checks.endBody();
    if (!this.#length.isCompleteAt(this.liveOffsetBytes, ending)) {
      return this.#writer.keep(() => this.#commitProgress());
    }
    const compared = await this.#checks.endUpload();
    await this.#writer.storeRest(() => this.#commitCompletion(compared));
    await this.#options.finaliser.drive();
  }

  #commitProgress(): void {
    this.#length.commit();
    if (this.#writer.receivedBytes > 0) this.#options.slideExpiry();
  }

  /** @param compared the whole's digests, where they were computed here: then nobody else has to compare them */
  #commitCompletion(compared: ReprDigests | undefined): void {
    const { store, finaliser } = this.#options;
    store.update({ lengthBytes: store.requireState().lengthBytes ?? this.liveOffsetBytes });
    if (compared !== undefined) store.update({ reprDigests: {}, knownDigests: compared });
    finaliser.begin();
  }

  /** What was received before `error` is made durable. That may be all of it: then it is no error any more. */
  async #rescue(error: unknown): Promise<void> {
    const discards = error instanceof AppError && DISCARDING.has(error.code);
    if (discards || !this.#checks.isBodyRight) return this.#giveUp(error);
    if (this.#request.completion !== "at-length" || this.liveOffsetBytes !== this.#length.bytes) {
      await this.#writer.keep(() => this.#commitProgress());
      throw error;
    }
    await this.#rescueAll();
  }

  /** What nobody has looked at to its end isn't to be all of a file: it is to be sent again. */
  async #rescueAll(): Promise<void> {
    const compared = await this.#checks.endUpload().catch((error: unknown) => this.#giveUp(error));
    await this.#writer.keep(() => {
      this.#commitProgress();
      this.#commitCompletion(compared);
    });
    await this.#options.finaliser.drive();
  }

  async #giveUp(error: unknown): Promise<never> {
    await this.#writer.discard();
    throw error;
  }
}
