import { AppError } from "#contract/errors.ts";
import { FINISHING_MS } from "./times.ts";
import type { Haste, Hold } from "./writer-slot.ts";
import { WriterSlot } from "./writer-slot.ts";

/** What is to be known of an append at work by whoever would take its place. */
export interface WorkingAppend {
  /** Where the upload would be if the append ended now. */
  readonly liveOffsetBytes: number;
  /** Whether it has brought anything yet. */
  readonly hasReceived: boolean;
  /** Whether nothing has come for most of a second. */
  readonly isIdle: boolean;
  /** Whether nothing has come for a good while. */
  readonly isQuiet: boolean;
  /** Waits until it is done, but not for one that has stalled, and no longer than `limitMs`. */
  finishesWithin(limitMs: number): Promise<void>;
  /** Ends it early, with what it has: at once, or when it has what is on its way. */
  stepAside(haste: Haste): void;
  run(): Promise<void>;
}

/** Who works on an upload, and how others take it over (times.ts has when what happens). */
export class Takeover {
  readonly #slot = new WriterSlot();
  #append: WorkingAppend | undefined;

  /** Whether an append is being brought bytes, be it slowly: one that falls silent is cut in its time. */
  get isReceiving(): boolean {
    return this.#append?.hasReceived === true && !this.#append.isQuiet;
  }

  /** Takes the upload over from whatever request works on it; what is on its way to that one is waited for shortly. */
  take(): Promise<Hold> {
    return this.#take("when-idle");
  }

  /**
   * Takes the upload over to append at `offset`. An append at work that has got further makes that offset a wrong one:
   * it is left alone for a moment to finish, unless it has stalled, so that a request that can't succeed does no harm
   * and is told an offset that is true. Throws `UPLOAD_OFFSET_MISMATCH` at once where an append is only beginning.
   */
  async takeAt(offsetBytes: number): Promise<Hold> {
    const live = this.#append;
    if (live?.hasReceived === false && offsetBytes !== live.liveOffsetBytes) {
      throw new AppError("UPLOAD_OFFSET_MISMATCH");
    }
    if (live === undefined || !live.hasReceived || offsetBytes === live.liveOffsetBytes) {
      return this.#take("at-once");
    }
    await live.finishesWithin(FINISHING_MS);
    const next = this.#append;
    // Another has begun meanwhile, which this one can't succeed beside either.
    if (next !== undefined && next !== live && offsetBytes !== next.liveOffsetBytes) {
      throw new AppError("UPLOAD_OFFSET_MISMATCH");
    }
    return this.#take("when-idle");
  }

  /** Lets an append work for the request that holds the upload. */
  async run(append: WorkingAppend, hold: Hold): Promise<void> {
    this.#append = append;
    hold.onLeave((haste) => append.stepAside(haste));
    try {
      await append.run();
    } finally {
      if (this.#append === append) this.#append = undefined;
    }
  }

  async #take(haste: Haste): Promise<Hold> {
    const hold = await this.#slot.take(haste);
    // Whatever append was at work has left or is fenced off: where it got to counts no more.
    this.#append = undefined;
    return hold;
  }
}
