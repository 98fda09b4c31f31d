import { AppError } from "#contract/errors.ts";
import type { StoreBody } from "../../storage/object-store.ts";
import type { Fence, ObjectParts, SentPart, SentRest } from "./object-parts.ts";
import type { PartBuffer } from "./part-buffer.ts";
import { settlesWithin } from "./settles-within.ts";
import { QUICK_STORE_MS } from "./times.ts";

interface Sending {
  readonly memory: PartBuffer;
  readonly settled: Promise<SentPart>;
  /** Whether the store has answered. */
  isSettled: boolean;
}

/**
 * The part that is on its way to the store: one at a time. Whoever is in a hurry waits for the store no more; what it
 * then still does settles nothing of the upload, and its bytes are in memory here until it lets go of them.
 */
export class PartSending {
  readonly #parts: ObjectParts;
  readonly #fence: Fence;
  #sending: Sending | undefined;
  /** What the first part will need of the store. */
  #preparing: Promise<void> | undefined;
  /** Resolved when there is no time to wait for the store any more. */
  readonly #hurry = Promise.withResolvers<"hurry">();
  #isHurried = false;

  constructor(parts: ObjectParts, fence: Fence) {
    this.#parts = parts;
    this.#fence = fence;
  }

  /** Pending for as long as there is time. */
  get hurried(): Promise<unknown> {
    return this.#hurry.promise;
  }

  /** Whether the part was stored so soon that its memory is the best to go on with. */
  get wasQuick(): boolean {
    return this.#sending?.isSettled === true;
  }

  /** The memory of the part that is on its way. */
  get memory(): PartBuffer | undefined {
    return this.#sending?.memory;
  }

  /** Gives up what is under way, and all that would be begun. */
  hurry(): void {
    this.#isHurried = true;
    this.#hurry.resolve("hurry");
  }

  /** Asks the store for what the first part will need, while that part still comes. */
  prepare(): void {
    this.#preparing ??= this.#parts.prepare(this.#sendingFence);
  }

  /**
   * Sends a part, the one before it being done.
   * @param waits whether a store that is quick is to be waited for
   */
  async begin(memory: PartBuffer, body: StoreBody, waits: boolean): Promise<void> {
    const settled = this.#parts.sendPart(body, this.#sendingFence);
    // Its rejection is met by whoever waits for it; until then it must not count as unhandled.
    settled.catch(() => {});
    const sending = { memory, settled, isSettled: false };
    this.#sending = sending;
    if (waits) sending.isSettled = await settlesWithin(settled, QUICK_STORE_MS, this.#hurry.promise);
  }

  /** Waits for the part on its way. Throws as the store does, and `UPLOAD_SUPERSEDED` where there is no time for it. */
  async finish(): Promise<SentPart | undefined> {
    return this.#sending === undefined ? undefined : this.#unlessHurried(this.#sending.settled);
  }

  /** The same for whoever ends: undefined also where the part failed or there is no time for it. */
  async finishIfPossible(): Promise<SentPart | undefined> {
    // An append that was cut short is over when the store knows of nothing that the upload doesn't.
    if (!this.#isHurried) await Promise.race([this.#preparing, this.#hurry.promise]);
    return this.#isHurried ? undefined : this.finish().catch(() => undefined);
  }

  /** Sends all that is left of an upload. Throws as `finish`. */
  sendRest(bodies: readonly StoreBody[]): Promise<SentRest> {
    return this.#unlessHurried(this.#parts.sendRest(bodies, this.#sendingFence));
  }

  /** Lets go of the part: it was stored, or is given up. */
  release(): void {
    this.#sending?.memory.release();
    this.#sending = undefined;
  }

  async #unlessHurried<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    const result = await Promise.race([work, this.#hurry.promise]);
    if (result === "hurry" || this.#isHurried) throw new AppError("UPLOAD_SUPERSEDED");
    return result;
  }

  /** Of calls to the store: one that was given up settles nothing of the upload any more, whoever may come next. */
  readonly #sendingFence: Fence = () => {
    if (this.#isHurried) throw new AppError("UPLOAD_SUPERSEDED");
    this.#fence();
  };
}
