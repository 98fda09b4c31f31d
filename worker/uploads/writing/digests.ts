import type { ErrorCode } from "#contract/errors.ts";
import { AppError } from "#contract/errors.ts";
import type { ReprDigestName, ReprDigests } from "#contract/jobs.ts";

/** Digests that a body can be checked by; the names are those of WebCrypto's native stream. */
export type DigestAlgorithm = "SHA-1" | "SHA-256" | "SHA-512" | "MD5";

export interface ExpectedDigest {
  readonly algorithm: DigestAlgorithm;
  readonly value: Uint8Array;
}

interface RunningDigest {
  readonly algorithm: DigestAlgorithm;
  readonly writer: WritableStreamDefaultWriter<ArrayBufferView>;
  readonly result: Promise<ArrayBuffer>;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);
}

/** Digests of bytes as they pass, computed natively: in JavaScript they would cost more than everything else. */
class RunningDigests {
  readonly #running: readonly RunningDigest[];

  constructor(algorithms: Iterable<DigestAlgorithm>) {
    this.#running = [...new Set(algorithms)].map((algorithm) => {
      const stream = new crypto.DigestStream(algorithm);
      stream.digest.catch(() => {});
      return { algorithm, writer: stream.getWriter(), result: stream.digest };
    });
  }

  /** Takes a chunk; its memory may be used again when the promise is done. */
  async write(chunk: Uint8Array): Promise<void> {
    for (const { writer } of this.#running) await writer.write(chunk);
  }

  async finish(): Promise<ReadonlyMap<DigestAlgorithm, Uint8Array>> {
    const results = new Map<DigestAlgorithm, Uint8Array>();
    for (const { algorithm, writer, result } of this.#running) {
      await writer.close();
      results.set(algorithm, new Uint8Array(await result));
    }
    return results;
  }

  /** Gives the computation up. */
  abandon(): void {
    for (const { writer } of this.#running) writer.abort().catch(() => {});
  }
}

function requireEqual(
  expected: readonly ExpectedDigest[],
  results: ReadonlyMap<DigestAlgorithm, Uint8Array>,
  code: ErrorCode,
): void {
  for (const { algorithm, value } of expected) {
    const result = results.get(algorithm);
    if (result === undefined || !isEqual(result, value)) throw new AppError(code);
  }
}

/** The digests that came with one body. */
export class BodyDigests {
  readonly #expected: readonly ExpectedDigest[];
  readonly #running: RunningDigests;

  constructor(expected: readonly ExpectedDigest[]) {
    this.#expected = expected;
    this.#running = new RunningDigests(expected.map(({ algorithm }) => algorithm));
  }

  /** Takes a chunk; its memory may be used again when the promise is done. */
  write(chunk: Uint8Array): Promise<void> {
    return this.#running.write(chunk);
  }

  /** Ends the body. Throws `UPLOAD_CHECKSUM_MISMATCH` when a digest isn't the expected one. */
  async verify(): Promise<void> {
    requireEqual(this.#expected, await this.#running.finish(), "UPLOAD_CHECKSUM_MISMATCH");
  }

  /** Gives the computation up. */
  abandon(): void {
    this.#running.abandon();
  }
}

const ALGORITHMS: Readonly<Record<ReprDigestName, DigestAlgorithm>> = {
  "sha-256": "SHA-256",
  "sha-512": "SHA-512",
};
const NAMES: readonly ReprDigestName[] = ["sha-256", "sha-512"];

/** The digests of a whole upload whose bytes all pass here, in one append: what was announced, and what was asked for. */
export class WholeDigests {
  readonly #expected: readonly ExpectedDigest[];
  readonly #running: RunningDigests;

  constructor(announced: ReprDigests, wanted: ReprDigestName | null) {
    this.#expected = NAMES.flatMap((name) => {
      const text = announced[name];
      return text === undefined ? [] : [{ algorithm: ALGORITHMS[name], value: fromBase64(text) }];
    });
    const asked = wanted === null ? [] : [ALGORITHMS[wanted]];
    this.#running = new RunningDigests([...this.#expected.map(({ algorithm }) => algorithm), ...asked]);
  }

  /** Takes a chunk; its memory may be used again when the promise is done. */
  write(chunk: Uint8Array): Promise<void> {
    return this.#running.write(chunk);
  }

  /** All bytes have passed: what their digests are. Throws `REPR_DIGEST_MISMATCH`. */
  async finish(): Promise<ReprDigests> {
    const results = await this.#running.finish();
    requireEqual(this.#expected, results, "REPR_DIGEST_MISMATCH");
    const entries = NAMES.flatMap((name): [ReprDigestName, string][] => {
      const result = results.get(ALGORITHMS[name]);
      return result === undefined ? [] : [[name, btoa(String.fromCharCode(...result))]];
    });
    return Object.fromEntries(entries);
  }

  /** Gives the computation up. */
  abandon(): void {
    this.#running.abandon();
  }
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
