/** With 95 deliveries (job-settler.ts) longer than the four days that a queue keeps a message; it takes 12 hours at most. */
const MAX_SECONDS = 3 * 3600;
/** Of what work has taken lately: the last counts for a tenth. */
const WEIGHT = 0.1;
/** More are told to come than there will be time for: else a hand would be idle whenever one is done sooner than was thought. */
const OVERBOOKED = 2;

/**
 * When those come again that a lane had no room for: one after the other, as fast as it gets through them. If they all came
 * again and again until there is room, they would use their deliveries up, and the hands of others.
 */
export class Appointments {
  readonly #hands: number;
  readonly #guessSeconds: number;
  #workSeconds: number | undefined;
  /** All of the lane's time until then is promised. */
  #untilSeconds = 0;

  /** @param guessSeconds what work takes, where none has been done yet */
  constructor(hands: number, guessSeconds: number) {
    this.#hands = hands;
    this.#guessSeconds = guessSeconds;
  }

  /** Notes how long something took. */
  note(seconds: number): void {
    const before = this.#workSeconds ?? seconds;
    this.#workSeconds = before + (seconds - before) * WEIGHT;
  }

  /** What work has taken lately, or is thought to. */
  get workSeconds(): number {
    return this.#workSeconds ?? this.#guessSeconds;
  }

  /** In how many seconds one more may come. */
  make(): number {
    const nowSeconds = performance.now() / 1000;
    const takesSeconds = this.workSeconds / this.#hands / OVERBOOKED;
    const untilSeconds = Math.max(this.#untilSeconds, nowSeconds) + takesSeconds;
    this.#untilSeconds = Math.min(untilSeconds, nowSeconds + MAX_SECONDS);
    return this.#untilSeconds - nowSeconds;
  }
}
