/** A large upload is worth asking that its resume point isn't cleared away. */
const LARGE_BYTES = 100 * 1024 * 1024;

/**
 * Keeps the screen, and with it the page, awake while something is sent, where the browser can: a phone that sleeps stops
 * sending. The browser lets go whenever the page is hidden, so it is asked again when that is seen.
 */
export class Awake {
  #sending = 0;
  #lock: Promise<WakeLockSentinel | undefined> | undefined;
  #hasAskedToPersist = false;

  /** Until the returned function is called. */
  hold(): () => void {
    this.#sending += 1;
    if (this.#sending === 1) this.#begin();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#sending -= 1;
      if (this.#sending === 0) this.#end();
    };
  }

  /** Asks once that the browser keeps what it stores for this site. Some ask their user. */
  persistFor(sizeBytes: number): void {
    if (this.#hasAskedToPersist || sizeBytes < LARGE_BYTES) return;
    this.#hasAskedToPersist = true;
    void globalThis.navigator?.storage?.persist?.().catch(() => {});
  }

  #begin(): void {
    globalThis.document?.addEventListener("visibilitychange", this.#request);
    this.#request();
  }

  readonly #request = (): void => {
    if (globalThis.document?.visibilityState !== "visible") return;
    const before = this.#lock;
    // Refused where the battery is low, or the page's policy says so.
    this.#lock = globalThis.navigator.wakeLock?.request("screen").catch(() => undefined);
    void release(before);
  };

  #end(): void {
    globalThis.document?.removeEventListener("visibilitychange", this.#request);
    const lock = this.#lock;
    this.#lock = undefined;
    void release(lock);
  }
}

async function release(lock: Promise<WakeLockSentinel | undefined> | undefined): Promise<void> {
  await (await lock)?.release().catch(() => {});
}
