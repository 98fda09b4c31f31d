/** Failures in a row, with nothing between them that went well, after which a store isn't asked for a while. */
const MAX_FAILURES = 5;
/** How long it isn't asked then; after that one request tries. */
const REST_MS = 10_000;

/**
 * What one isolate knows of a store: whether asking it is worth a caller's time. Closed, all ask. Open, none does. Half
 * open, one does, and what becomes of that decides.
 */
export class Circuit {
  #failures = 0;
  /** When the next may ask; undefined while all may. */
  #nextTryAtMs: number | undefined;

  /** Whether the store is to be asked now. Of many that ask when the rest is over, one may. */
  admits(nowMs: number): boolean {
    if (this.#nextTryAtMs === undefined) return true;
    if (nowMs < this.#nextTryAtMs) return false;
    this.#nextTryAtMs = nowMs + REST_MS;
    return true;
  }

  /** It answered; that an object isn't there is an answer. */
  noteAnswer(): void {
    this.#failures = 0;
    this.#nextTryAtMs = undefined;
  }

  noteFailure(nowMs: number): void {
    this.#failures += 1;
    if (this.#failures >= MAX_FAILURES) this.#nextTryAtMs = nowMs + REST_MS;
  }
}

/** The circuits of an isolate, by what they are called. Of another isolate the same store may look otherwise. */
export class Circuits {
  readonly #byOwner = new WeakMap<object, Map<string, Circuit>>();

  /** @param owner whose store or target it is: the environment of a worker */
  of(owner: object, name: string): Circuit {
    const mine = this.#byOwner.get(owner) ?? new Map<string, Circuit>();
    this.#byOwner.set(owner, mine);
    const circuit = mine.get(name) ?? new Circuit();
    mine.set(name, circuit);
    return circuit;
  }
}
