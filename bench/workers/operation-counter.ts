/** How often each operation was carried out, by its name: `r2.put`, `sql.read`. */
export type OperationCounts = Record<string, number>;

/** Counts operations until they are taken. */
class OperationCounter {
  #counts: OperationCounts = {};
  /** Operations whose counts aren't final yet. */
  #settle: () => void = () => {};

  add(name: string, count = 1): void {
    if (count > 0) this.#counts[name] = (this.#counts[name] ?? 0) + count;
  }

  /** Has `settle` called before anything else is counted or taken: for counts that come out only after a call. */
  addLater(settle: () => void): void {
    this.settle();
    this.#settle = settle;
  }

  settle(): void {
    const settle = this.#settle;
    this.#settle = () => {};
    settle();
  }

  /** What was counted since it was last taken. */
  take(): OperationCounts {
    this.settle();
    const taken = this.#counts;
    this.#counts = {};
    return taken;
  }
}

/** Of the isolate, in which the worker and its objects are together: what an upload takes is the sum. */
export const operations = new OperationCounter();
