const PROGRESS_INTERVAL_MS = 100;

/** Who is told of a list's changes: of states and the list itself at the end of the task, of progress ten times a second. */
export class Listeners {
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isDue = false;

  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something other than progress has changed. */
  changed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.#tell());
  }

  progressed(): void {
    this.#timer ??= setTimeout(() => this.#tell(), PROGRESS_INTERVAL_MS);
  }

  #tell(): void {
    this.#isDue = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const listener of this.#listeners) listener();
  }
}
