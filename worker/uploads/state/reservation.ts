import { chargeOf } from "#contract/charges.ts";
import type { ReservationGrowth } from "../../services/quota.ts";
import { RESERVATION_STEP_BYTES } from "../../services/quota.ts";
import type { Outside } from "../outside.ts";
import { refOf } from "./upload-state.ts";
import type { UploadStore } from "./upload-store.ts";

type Quota = Pick<Outside, "extend" | "reduce">;

/** What of an upload's state it looks at and changes. */
type KnownReservation = Pick<UploadStore, "state" | "requireState" | "note" | "update">;

/** Uploads of before there were reservations have none, and count when they are stored. */
const UNRESERVED = Number.MAX_SAFE_INTEGER;

/**
 * What is reserved of the tenant's quota for one upload. Where its length is known, that is all of it, from its creation
 * on; where it isn't, a step at a time as it grows. What is left over at the end goes back when it is recorded as stored.
 */
export class Reservation {
  readonly #store: KnownReservation;
  readonly #quota: Quota;

  constructor(store: KnownReservation, quota: Quota) {
    this.#store = store;
    this.#quota = quota;
  }

  /** Up to which offset there is room. */
  get endBytes(): number {
    return this.#store.requireState().reservedBytes ?? UNRESERVED;
  }

  /** Makes room up to an offset, and for a step behind it where there is some. Throws `QUOTA_EXCEEDED`. */
  async cover(endBytes: number): Promise<void> {
    if (endBytes <= this.endBytes) return;
    const { maxBytes } = this.#store.requireState();
    const step = Math.ceil(endBytes / RESERVATION_STEP_BYTES) * RESERVATION_STEP_BYTES;
    await this.#extend({ atLeastBytes: endBytes, atMostBytes: Math.max(endBytes, Math.min(step, maxBytes)) });
  }

  /**
   * Reserves exactly what the length counts that a request tells. Less than is reserved isn't worth asking for where that request
   * brings all the rest: then the end of the upload comes next. Throws `QUOTA_EXCEEDED`.
   */
  async settle(lengthBytes: number, bringsRest: boolean): Promise<void> {
    const { endBytes } = this;
    if (lengthBytes > endBytes) return this.#extend({ atLeastBytes: lengthBytes, atMostBytes: lengthBytes });
    const neededBytes = chargeOf(lengthBytes);
    if (bringsRest || neededBytes >= endBytes || endBytes === UNRESERVED) return;
    const { reducedFromBytes = endBytes } = this.#store.requireState();
    // Durable before it is asked for: whatever becomes of the answer, no more is taken to be reserved than is.
    this.#store.update({ reservedBytes: neededBytes, reducedFromBytes });
    await this.giveBack();
  }

  /**
   * Gives back what isn't needed any more and isn't known to have been given back: nothing, but for once in a while. That
   * it can't be done keeps no bytes from being taken, so it is done again later.
   */
  async giveBack(): Promise<void> {
    const { state } = this.#store;
    if (state?.reducedFromBytes === undefined || state.reservedBytes === null) return;
    try {
      await this.#quota.reduce(refOf(state), state.reducedFromBytes, state.reservedBytes);
      this.#store.update({ reducedFromBytes: undefined });
    } catch (error) {
      console.error({ event: "giving-back-postponed", ...refOf(state), error: String(error) });
    }
  }

  async #extend(growth: ReservationGrowth): Promise<void> {
    const reservedBytes = await this.#quota.extend(refOf(this.#store.requireState()), growth);
    // Needn't be durable: extending again tells what is reserved. But what is in use again mustn't be given back.
    if (this.#store.requireState().reducedFromBytes === undefined) this.#store.note({ reservedBytes });
    else this.#store.update({ reservedBytes, reducedFromBytes: undefined });
  }
}
