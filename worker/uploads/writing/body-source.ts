import type { ReadingBuffers } from "./reading-buffers.ts";
import { FIRST_BYTES, isolateReadingBuffers } from "./reading-buffers.ts";
import {
  CLIENT_SILENCE_MS,
  LEAVING_IDLE_MS,
  LEAVING_LIMIT_MS,
  QUIET_TICKS,
  STALLED_TICKS,
  TICK_MS,
} from "./times.ts";

/** What came of reading on in a request's body. A client that goes away is data here, not an exception. */
export type BodyEvent =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "end" }
  | { readonly kind: "cut" };

interface BodySourceOptions {
  /** How long nothing may come before the body is cut. */
  readonly silenceLimitMs?: number;
  readonly buffers?: ReadingBuffers;
}

/**
 * Reads a request's body through one buffer, at a native stream's cost: the bytes of an event are valid until the next
 * read. The buffer is small until a read has filled it, so that a body which brings little takes little.
 */
export class BodySource {
  readonly #reader: ReadableStreamBYOBReader | undefined;
  readonly #silentTicks: number;
  readonly #buffers: ReadingBuffers;
  #buffer: ArrayBuffer | undefined;
  /** Whether the last read filled a first buffer: then there is more than that at a time. */
  #wantsMore = false;
  #isReading = false;
  #idleTicks = 0;
  #ticking: ReturnType<typeof setInterval> | undefined;
  #cut = false;
  #endedEarly = false;
  #isSilent = false;
  /** Whether there is nothing left to read, or nobody to read it. */
  #isOver = false;
  #leaving: { idle: ReturnType<typeof setTimeout>; readonly last: ReturnType<typeof setTimeout> } | undefined;

  constructor(
    body: ReadableStream<Uint8Array> | null,
    { silenceLimitMs = CLIENT_SILENCE_MS, buffers = isolateReadingBuffers }: BodySourceOptions = {},
  ) {
    this.#reader = body?.getReader({ mode: "byob" });
    this.#silentTicks = Math.ceil(silenceLimitMs / TICK_MS);
    this.#buffers = buffers;
  }

  /** Called when the client has stalled, while a read waits for it and goes on waiting. */
  onStalled: () => void = () => {};

  /** Called now and then while the body is open: whatever memory its bytes are in is still needed. */
  onTick: () => void = () => {};

  /** Whether reading was ended from here: the body didn't end, and its client may still be there. */
  get wasCut(): boolean {
    return this.#cut;
  }

  /** Whether reading came to an end before the body did: its client went away, or it was cut from here. */
  get endedEarly(): boolean {
    return this.#endedEarly;
  }

  /** Whether it was ended because nothing came for too long. */
  get wasSilent(): boolean {
    return this.#isSilent;
  }

  /** Whether nothing has come for most of a second. */
  get isIdle(): boolean {
    return this.#idleTicks > 0;
  }

  /** Whether nothing has come for a good while. */
  get isQuiet(): boolean {
    return this.#idleTicks >= QUIET_TICKS;
  }

  async read(): Promise<BodyEvent> {
    if (this.#reader === undefined) return { kind: "end" };
    this.#ticking ??= setInterval(() => this.#tick(), TICK_MS);
    // Only the client's own silence counts, not the time that its last bytes took to be dealt with.
    this.#idleTicks = 0;
    this.#isReading = true;
    let buffer = this.#buffer ?? this.#buffers.take(this);
    if (this.#wantsMore) buffer = this.#buffers.grow(this, buffer);
    this.#buffer = undefined;
    let event: BodyEvent;
    try {
      // `read`, not `readAtLeast`: when the client goes, that one takes with it whatever it had gathered.
      const { done, value } = await this.#reader.read(new Uint8Array(buffer));
      this.#buffer = value?.buffer;
      this.#wantsMore = isFullOf(value) && value.byteLength <= FIRST_BYTES;
      event = this.#eventOf(done, value);
    } catch {
      // A request body fails in one way only: its client is gone, or was cut from here.
      event = { kind: "cut" };
    }
    this.#isReading = false;
    this.#idleTicks = 0;
    if (event.kind === "cut") this.#endedEarly = true;
    if (event.kind !== "bytes") this.#finish();
    if (this.#leaving !== undefined) this.#putOffLeaving(event);
    return event;
  }

  /** Ends a pending read, and all later ones, with `cut`. The client's connection is told that nobody reads on. */
  cut(): void {
    this.#cut = true;
    this.#stopTicking();
    // Its bytes may still be looked at, so the buffer is nobody else's yet.
    if (!this.#isReading) this.#buffers.give(this, undefined);
    this.#reader?.cancel().catch(() => {});
  }

  /** Lets go of a body that is to be read no further from here; whoever answers its request sees to the rest of it. */
  release(): void {
    if (this.#isOver || this.#cut) return;
    this.#finish();
    this.#reader?.releaseLock();
  }

  /**
   * Cuts as soon as nothing more comes: bytes that were on their way before somebody asked for the upload needn't be
   * sent again. A client that goes on sending is cut after a bounded time, and a body that has ended isn't at all.
   */
  cutWhenIdle(): void {
    if (this.#isOver) return;
    this.#leaving ??= {
      idle: setTimeout(() => this.cut(), LEAVING_IDLE_MS),
      last: setTimeout(() => this.cut(), LEAVING_LIMIT_MS),
    };
  }

  /** A reader that is to leave waits anew whenever bytes come, and for nothing after the end. */
  #putOffLeaving(event: BodyEvent): void {
    if (this.#leaving === undefined) return;
    clearTimeout(this.#leaving.idle);
    if (event.kind === "bytes") this.#leaving.idle = setTimeout(() => this.cut(), LEAVING_IDLE_MS);
    else clearTimeout(this.#leaving.last);
  }

  #finish(): void {
    this.#isOver = true;
    this.#stopTicking();
    this.#buffers.give(this, this.#buffer);
    this.#buffer = undefined;
  }

  #stopTicking(): void {
    if (this.#ticking !== undefined) clearInterval(this.#ticking);
  }

  #tick(): void {
    this.#idleTicks += 1;
    this.#buffers.renew(this);
    this.onTick();
    if (!this.#isReading) return;
    if (this.#idleTicks === STALLED_TICKS) this.onStalled();
    if (this.#idleTicks < this.#silentTicks) return;
    this.#isSilent = true;
    this.cut();
  }

  #eventOf(done: boolean, value: Uint8Array | undefined): BodyEvent {
    if (this.#cut) return { kind: "cut" };
    return done || value === undefined ? { kind: "end" } : { kind: "bytes", bytes: value };
  }
}

function isFullOf(value: Uint8Array | undefined): value is Uint8Array {
  return value !== undefined && value.byteLength === value.buffer.byteLength;
}
