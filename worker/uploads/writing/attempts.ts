import type { UploadStore } from "../state/upload-store.ts";

/**
 * Numbers for attempts, of which none is ever used twice: each is durable before it is used. One may be reserved in a
 * write that is made anyway; it is lost when the object leaves memory, which does no harm.
 */
export class Attempts {
  readonly #store: UploadStore;
  readonly #counter: "partAttempts" | "objectAttempts";
  #reserved: number | undefined;

  constructor(store: UploadStore, counter: "partAttempts" | "objectAttempts") {
    this.#store = store;
    this.#counter = counter;
  }

  next(): number {
    const reserved = this.#reserved;
    this.#reserved = undefined;
    const given = this.#store.requireState()[this.#counter];
    // One that was reserved in a transaction that failed isn't durable.
    if (reserved !== undefined && reserved <= given) return reserved;
    this.#store.update({ [this.#counter]: given + 1 });
    return given + 1;
  }

  /** To be called within a transaction. */
  reserve(): void {
    if (this.#reserved !== undefined) return;
    this.#reserved = this.#store.requireState()[this.#counter] + 1;
    this.#store.update({ [this.#counter]: this.#reserved });
  }
}
