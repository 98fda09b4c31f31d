import { createHash, type Hash } from "node:crypto";
import type { ReprDigestName, ReprDigests } from "#contract/jobs.ts";

/** The "signature" of bytes that don't have the digest that was announced for them (RFC 9530, Repr-Digest). */
export const DIGEST_MISMATCH = "Digest.Mismatch";

const ALGORITHMS: Readonly<Record<ReprDigestName, string>> = { "sha-256": "sha256", "sha-512": "sha512" };
const NAMES: readonly ReprDigestName[] = ["sha-256", "sha-512"];

/** SHA-256 of an object as it is read, and whatever else it must be compared by. */
export class ObjectDigests {
  readonly #expected: ReprDigests;
  readonly #hashes: ReadonlyMap<ReprDigestName, Hash>;

  constructor(expected: ReprDigests) {
    this.#expected = expected;
    const names = NAMES.filter((name) => name === "sha-256" || expected[name] !== undefined);
    this.#hashes = new Map(names.map((name) => [name, createHash(ALGORITHMS[name])]));
  }

  update(chunk: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(chunk);
  }

  /** To be called once, at the end. */
  finish(): { readonly sha256: string; readonly asExpected: boolean } {
    const results = new Map([...this.#hashes].map(([name, hash]) => [name, hash.digest()]));
    const asExpected = [...results].every(([name, result]) => {
      const expected = this.#expected[name];
      return expected === undefined || result.equals(Buffer.from(expected, "base64"));
    });
    return { sha256: results.get("sha-256")?.toString("hex") ?? "", asExpected };
  }
}
