import { SNIFFED_BYTES } from "#contract/programs.ts";
import type { UploadStore } from "../state/upload-store.ts";
import { requireContent, type SniffCheck } from "./require-content.ts";

/**
 * Compares an upload's first bytes with its declared type, however many appends bring them, before the rest is taken.
 * What came with earlier appends lies in the tail: a part is never smaller than what is looked at.
 */
export class SniffGate {
  readonly #store: UploadStore;
  readonly #check: SniffCheck;
  readonly #head = new Uint8Array(SNIFFED_BYTES);
  #headBytes: number;
  #open: boolean;

  constructor(store: UploadStore, check: SniffCheck) {
    this.#store = store;
    this.#check = check;
    // More than is looked at is durable only if it was looked at.
    this.#open = store.requireState().kind !== "file" || store.offsetBytes >= SNIFFED_BYTES;
    const known = this.#open ? new Uint8Array() : store.tail.head(SNIFFED_BYTES);
    this.#head.set(known);
    this.#headBytes = known.byteLength;
  }

  /** Whether there is nothing to look at any more. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Looks at a chunk. Throws `FILE_TYPE_MISMATCH` and `CONTENT_ENCRYPTED`. */
  async push(chunk: Uint8Array): Promise<void> {
    if (this.#open) return;
    const taken = chunk.subarray(0, SNIFFED_BYTES - this.#headBytes);
    this.#head.set(taken, this.#headBytes);
    this.#headBytes += taken.byteLength;
    if (this.#headBytes === SNIFFED_BYTES) await this.#decide(false);
  }

  /** There won't be more: decides by what there is. Throws `FILE_TYPE_MISMATCH` and `CONTENT_ENCRYPTED`. */
  async end(): Promise<void> {
    if (!this.#open) await this.#decide(true);
  }

  async #decide(isWhole: boolean): Promise<void> {
    const head = this.#head.subarray(0, this.#headBytes);
    await requireContent(this.#check, head, this.#store.requireState().declaredType, isWhole);
    this.#open = true;
  }
}
