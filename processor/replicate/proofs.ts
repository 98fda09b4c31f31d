import { BoundedMap } from "../bounded-map.ts";

/** A copy at a target, and what its bytes have to have by the record. */
export interface CopyToRead {
  readonly target: string;
  readonly key: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** So long what was proved counts: a disk may rot without a trace in what the file system tells. */
const GOOD_FOR_MS = 3_600_000;
/** Some 300 bytes each. Of more the oldest are forgotten, and proved again. */
const MAX_REMEMBERED = 10_000;

interface Proof {
  readonly etag: string;
  readonly untilMs: number;
}

/**
 * Which copies were read whole and found to be right, by the target's own tag of what was read. A part of a copy can't be
 * compared with anything: it is as good as the whole that had this tag.
 */
export class Proofs {
  readonly #proofs = new BoundedMap<Proof>(MAX_REMEMBERED);

  /** @param etag without one nothing is remembered: what is read later may be anything */
  remember(copy: CopyToRead, etag: string, nowMs: number): void {
    if (etag === "") this.forget(copy);
    else this.#proofs.set(nameOf(copy), { etag, untilMs: nowMs + GOOD_FOR_MS });
  }

  forget(copy: CopyToRead): void {
    this.#proofs.delete(nameOf(copy));
  }

  /** The tag of what was proved; undefined where nothing is known. */
  find(copy: CopyToRead, nowMs: number): string | undefined {
    const proof = this.#proofs.get(nameOf(copy));
    return proof !== undefined && nowMs < proof.untilMs ? proof.etag : undefined;
  }
}

/** Of one copy, as keys of maps are. */
export function nameOf({ target, key, sha256 }: CopyToRead): string {
  return `${target}\n${key}\n${sha256}`;
}
