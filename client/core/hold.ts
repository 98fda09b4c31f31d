import type { Claims } from "./claims.ts";
import type { ResumePoint } from "./resume-store.ts";
import { openSightings, type Sighting } from "./sightings.ts";

export interface HoldEvents {
  /** Called once if another sends the file. */
  onTaken(): void;
  /** What that one tells. */
  onSighting(sighting: Sighting): void;
}

/** Whose turn a file is among the tabs that have it, and what they tell each other of it. */
export class Hold {
  readonly #claims: Claims;
  #isHeld = false;
  #wasAsked = false;
  #sighted: ResumePoint | undefined;
  #seenUrl: string | undefined;
  #tell: (sighting: Sighting) => void = () => {};

  constructor(claims: Claims) {
    this.#claims = claims;
  }

  /** Whether nobody else sends the file. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether another tab has asked where this file is. */
  get wasAsked(): boolean {
    return this.#wasAsked;
  }

  /** Where another was seen while this one waited for it. Later that one may have gone on, and another after it. */
  get sighted(): ResumePoint | undefined {
    return this.#sighted;
  }

  /** Where another was seen ever: what is stored of that is worth a look. */
  get seenUrl(): string | undefined {
    return this.#seenUrl;
  }

  /** Resolves true when nobody else sends the file, until `signal` aborts; false when that aborts first. */
  async take(
    fingerprint: string,
    signal: AbortSignal,
    { onTaken, onSighting }: HoldEvents,
  ): Promise<boolean> {
    this.#tell = openSightings(fingerprint, signal, {
      onSighting: (sighting) => {
        if (sighting.kind === "point") this.#onPoint(sighting.point);
        onSighting(sighting);
      },
      onAsked: () => {
        this.#wasAsked = true;
      },
    });
    signal.addEventListener("abort", () => {
      this.#isHeld = false;
      this.#sighted = undefined;
    });
    const isHeld = await this.#claims.hold(fingerprint, signal, onTaken);
    // An earlier run's answer may come after this one's.
    this.#isHeld ||= isHeld;
    return isHeld;
  }

  #onPoint(point: ResumePoint): void {
    this.#sighted = point;
    this.#seenUrl = point.url;
  }

  tell(sighting: Sighting): void {
    this.#tell(sighting);
  }

  /** Does `work` while nobody sends the file; what another sends isn't touched. */
  async whileHeld(fingerprint: string | undefined, work: () => Promise<void>): Promise<void> {
    if (fingerprint === undefined || this.#isHeld) await work();
    else await whileNobodySends(this.#claims, fingerprint, work);
  }
}

/** Does `work` if nobody sends the file, and lets nobody until it is done; false where somebody does. */
export async function whileNobodySends(
  claims: Claims,
  fingerprint: string,
  work: () => Promise<void>,
): Promise<boolean> {
  const claim = new AbortController();
  try {
    if (!(await claims.hold(fingerprint, claim.signal, () => claim.abort()))) return false;
    await work();
    return true;
  } finally {
    claim.abort();
  }
}
