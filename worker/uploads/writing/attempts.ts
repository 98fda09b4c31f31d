import type { UploadStore } from "../state/upload-store.ts";

/**
 * Numbers for attempts, of which none is ever used twice: each is durable before it is used. One may be drawn
 * ahead in a write that is made anyway; it is lost when the object leaves memory, which does no harm.
 */
export class Attempts {
  readonly #store: UploadStore;
  readonly #counter: "partAttempts" | "objectAttempts";
  #ahead: number | undefined;

  constructor(store: UploadStore, counter: "partAttempts" | "objectAttempts") {
    this.#store = store;
    this.#counter = counter;
  }

  next(): number {
    const drawn = this.#ahead;
    this.#ahead = undefined;
    const given = this.#store.requireState()[this.#counter];
    // One that was drawn in a transaction that failed isn't durable.
    if (drawn !== undefined && drawn <= given) return drawn;
    this.#store.update({ [this.#counter]: given + 1 });
    return given + 1;
  }

  /** To be called within a transaction. */
  drawAhead(): void {
    if (this.#ahead !== undefined) return;
    this.#ahead = this.#store.requireState()[this.#counter] + 1;
    this.#store.update({ [this.#counter]: this.#ahead });
  }
}
