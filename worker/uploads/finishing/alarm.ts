import type { Expiry } from "../state/expiry.ts";
import { hasEnded, isComplete, isFinalising } from "../state/phases.ts";
import type { DueKind } from "../state/upload-state.ts";
import { refOf } from "../state/upload-state.ts";
import type { UploadStore } from "../state/upload-store.ts";
import type { Hold } from "../writing/writer-slot.ts";
import type { Ending } from "./ending.ts";

import type { Finaliser } from "./finalise.ts";

/** When the alarm rings again whose work was cut short: later than any of it takes (finalise.ts). */
const RING_AGAIN_MS = 5 * 60_000;

export interface AlarmOptions {
  readonly store: UploadStore;
  readonly expiry: Expiry;
  readonly finaliser: Finaliser;
  readonly ending: Ending;
  /** Takes the upload over from whatever request works on it. */
  readonly take: () => Promise<Hold>;
  /** Whether an append is bringing bytes. */
  readonly isAtWork: () => boolean;
  readonly now: () => number;
}

/** What an upload does by itself when it is due: go on with finalising, expire, be forgotten. */
export class Alarm {
  readonly #options: AlarmOptions;

  constructor(options: AlarmOptions) {
    this.#options = options;
  }

  /** Does what is due. Never throws. */
  async ring(): Promise<void> {
    const { store, now } = this.#options;
    const due = store.nextDue();
    const nowMs = now();
    if (due !== undefined && due.atMs <= nowMs) {
      // An alarm is spent when it rings, and is rung for six failures at most: work that is cut short needs another.
      store.setAlarm(nowMs + RING_AGAIN_MS);
      await this.#doDue(due.kind);
    }
    if (store.state !== undefined) store.armAlarm();
  }

  async #doDue(kind: DueKind): Promise<void> {
    const { store, finaliser, ending } = this.#options;
    switch (kind) {
      case "finalise":
        if (!isFinalising(store.requireState().phase)) return store.clearDue("finalise");
        return finaliser.drive();
      case "expire":
        return this.#expire();
      case "forget":
        return ending.forget();
      case "unasked":
        return this.#endUnasked();
    }
  }

  /** Nobody has asked for an upload of which nobody was told. */
  async #endUnasked(): Promise<void> {
    const { store, ending } = this.#options;
    await this.#whileTaken(async () => {
      if (store.state?.due.unasked === undefined) return;
      store.clearDue("unasked");
      await ending.end("expired");
    });
  }

  async #expire(): Promise<void> {
    const { store, expiry, ending, isAtWork } = this.#options;
    if (expiry.putOff(isAtWork())) return;
    await this.#whileTaken(async () => {
      // It may have been erased meanwhile.
      if (store.state === undefined || expiry.putOff(isAtWork())) return;
      const state = store.requireState();
      // It may have been completed by the request that was cut.
      if (hasEnded(state) || state.kind === "partial" || !isComplete(state)) await ending.end("expired");
    });
  }

  async #whileTaken(work: () => Promise<void>): Promise<void> {
    const { store, take } = this.#options;
    const hold = await take();
    try {
      await work();
    } catch (error) {
      if (store.state === undefined) return;
      // What is left to do is due again (ending.ts).
      console.error({ event: "expiry-postponed", ...refOf(store.state), error: String(error) });
    } finally {
      hold.release();
    }
  }
}
