import { onceASecond } from "../once-a-second.ts";
import type { FileStore } from "./file-store.ts";

/** More than these are asked for by their list. */
const MAX_SINGLE = 5;

type Refreshed = Pick<FileStore, "drop" | "refresh" | "update">;

/** Brings a list up to date with what is said to have happened: gathered, and asked for by as few requests as do. */
export class Refresher {
  readonly #store: Refreshed;
  readonly #ask: () => void;
  readonly #changed = new Set<string>();
  readonly #gone = new Set<string>();
  #isListDue = false;

  /** Until `signal` aborts. */
  constructor(store: Refreshed, signal: AbortSignal) {
    this.#store = store;
    this.#ask = onceASecond(() => this.#run(), signal);
  }

  /** Files have come, or more has happened than is known. */
  list(): void {
    this.#isListDue = true;
    this.#ask();
  }

  /** A file of the list isn't as it was. */
  changed(id: string): void {
    this.#changed.add(id);
    this.#ask();
  }

  /** A file of the list isn't there any more: nobody need be asked. */
  gone(id: string): void {
    this.#gone.add(id);
    this.#ask();
  }

  async #run(): Promise<void> {
    const [gone, changed] = [new Set(this.#gone), [...this.#changed].filter((id) => !this.#gone.has(id))];
    const isListDue = this.#isListDue || changed.length > MAX_SINGLE;
    this.#gone.clear();
    this.#changed.clear();
    this.#isListDue = false;
    if (gone.size > 0) this.#store.drop(gone);
    if (isListDue) return this.#store.refresh();
    await Promise.allSettled(changed.map((id) => this.#store.update(id)));
  }
}
