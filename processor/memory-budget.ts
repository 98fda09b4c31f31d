/**
 * The memory that programs run on files may use together. Lanes take from it before they begin something, and wait where
 * there isn't enough. Who was refused comes next: else a conversion, which needs most, would never come past pictures.
 */
export class MemoryBudget {
  readonly #totalBytes: number;
  readonly #listeners: (() => void)[] = [];
  #usedBytes = 0;
  #claimant: object | undefined;

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Less than nothing where one alone has more than there is. */
  get freeBytes(): number {
    return this.#totalBytes - this.#usedBytes;
  }

  /** Takes `bytes` if they are there and nobody was refused before. One alone gets more than there is: else it never would. */
  take(taker: object, bytes: number): boolean {
    if (bytes === 0) return true;
    if (this.#claimant !== undefined && this.#claimant !== taker) return false;
    if (this.#usedBytes > 0 && this.#usedBytes + bytes > this.#totalBytes) {
      this.#claimant = taker;
      return false;
    }
    this.#claimant = undefined;
    this.#usedBytes += bytes;
    return true;
  }

  /** Gives back what was taken. */
  giveBack(bytes: number): void {
    if (bytes === 0) return;
    this.#usedBytes -= bytes;
    this.#tell();
  }

  /** Somebody that was refused doesn't wait any more. */
  renounce(taker: object): void {
    if (this.#claimant !== taker) return;
    this.#claimant = undefined;
    this.#tell();
  }

  /** @param listener called whenever there may be more than before */
  onMore(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
