/** Lets a few uploads run at a time; the others wait in order. */
export class Slots {
  readonly #limit: number;
  #taken = 0;
  readonly #queue: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves true with a slot, which is given back when `signal` aborts; false if it aborts while waiting. */
  hold(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(false);
      const grant = () => {
        signal.removeEventListener("abort", leave);
        this.#taken += 1;
        signal.addEventListener("abort", () => this.#release(), { once: true });
        resolve(true);
      };
      const leave = () => {
        this.#queue.splice(this.#queue.indexOf(grant), 1);
        resolve(false);
      };
      if (this.#taken < this.#limit) return grant();
      this.#queue.push(grant);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #release(): void {
    this.#taken -= 1;
    this.#queue.shift()?.();
  }
}
