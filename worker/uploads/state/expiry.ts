import type { UploadStore } from "./upload-store.ts";

/** R2 drops multipart uploads after seven days; ours end before that. */
const LIFETIME_MS = 6 * 24 * 3_600_000;
/** How soon an upload that would have expired is looked at again while an append is at work. */
const LOOK_AGAIN_MS = 10_000;

/** When an upload that makes no progress ends. */
export class Expiry {
  readonly #store: UploadStore;
  readonly #now: () => number;

  constructor(store: UploadStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Puts it off because of progress. The alarm stays where it is: moving it would cost every append a write. */
  slide(): void {
    const { createdAtMs, idleMs } = this.#store.requireState();
    this.#store.update({ expiresAtMs: Math.min(this.#now() + idleMs, createdAtMs + LIFETIME_MS) });
  }

  /** Sets the alarm anew where the upload has made progress since that was set, or is making some; else returns false. */
  putOff(isAtWork: boolean): boolean {
    const { phase, expiresAtMs } = this.#store.requireState();
    const nowMs = this.#now();
    if (phase !== "receiving" || (expiresAtMs <= nowMs && !isAtWork)) return false;
    this.#store.setDue("expire", expiresAtMs > nowMs ? expiresAtMs : nowMs + LOOK_AGAIN_MS);
    return true;
  }
}
