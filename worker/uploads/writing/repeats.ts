/** Tells an append whose body ended early from the same once more, by where it began. */
export class Repeats {
  #cutFromBytes: number | undefined;

  /** The last append, which began there, had a body that ended early. */
  expect(cutFromBytes: number): void {
    this.#cutFromBytes = cutFromBytes;
  }

  /** Whether an append there is that one again. True of the first only. */
  take(offsetBytes: number | undefined): boolean {
    if (offsetBytes === undefined || offsetBytes !== this.#cutFromBytes) return false;
    this.#cutFromBytes = undefined;
    return true;
  }
}
