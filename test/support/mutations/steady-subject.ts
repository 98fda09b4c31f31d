import type { Outcome } from "./exchange.ts";
import type { Subject } from "./subject.ts";
import { succeeded } from "./subject.ts";
import type { WireRequest } from "./wire-request.ts";

/** What requests that change nothing are about. */
export class SteadySubject implements Subject {
  readonly #request: () => WireRequest;

  constructor(request: () => WireRequest) {
    this.#request = request;
  }

  request(): WireRequest {
    return this.#request();
  }

  settle(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

/** What is made anew for every request, because it grows old. */
export class PassingSubject extends SteadySubject {
  override settle(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

/** What a request that succeeds uses up: a grant, a file that it deletes. */
export class SpentSubject extends SteadySubject {
  readonly #isUnspent: (outcome: Outcome) => Promise<boolean>;

  /** @param isUnspent of a refusal; throws where it has used up what it may not */
  constructor(request: () => WireRequest, isUnspent: (outcome: Outcome) => Promise<boolean>) {
    super(request);
    this.#isUnspent = isUnspent;
  }

  override async settle(_sent?: WireRequest, outcome?: Outcome): Promise<boolean> {
    if (outcome?.kind !== "answered" || succeeded(outcome)) return false;
    return this.#isUnspent(outcome);
  }
}
