import { AppError } from "#contract/errors.ts";

/** Digests that a body can be checked by; the names are those of WebCrypto's native stream. */
export type DigestAlgorithm = "SHA-1" | "SHA-256" | "SHA-512" | "MD5";

export interface ExpectedDigest {
  readonly algorithm: DigestAlgorithm;
  readonly value: Uint8Array;
}

interface RunningDigest {
  readonly expected: Uint8Array;
  readonly writer: WritableStreamDefaultWriter<ArrayBufferView>;
  readonly result: Promise<ArrayBuffer>;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);
}

/** Digests of a body as it passes, computed natively: in JavaScript they would cost more than everything else. */
export class BodyDigests {
  readonly #running: readonly RunningDigest[];

  constructor(expected: readonly ExpectedDigest[]) {
    this.#running = expected.map(({ algorithm, value }) => {
      const stream = new crypto.DigestStream(algorithm);
      stream.digest.catch(() => {});
      return { expected: value, writer: stream.getWriter(), result: stream.digest };
    });
  }

  /** Takes a chunk; its memory may be used again when the promise is done. */
  async write(chunk: Uint8Array): Promise<void> {
    for (const { writer } of this.#running) await writer.write(chunk);
  }

  /** Ends the body. Throws `UPLOAD_CHECKSUM_MISMATCH` when a digest isn't the expected one. */
  async verify(): Promise<void> {
    for (const { writer, result, expected } of this.#running) {
      await writer.close();
      if (!isEqual(new Uint8Array(await result), expected)) throw new AppError("UPLOAD_CHECKSUM_MISMATCH");
    }
  }

  /** Gives the computation up. */
  abandon(): void {
    for (const { writer } of this.#running) writer.abort().catch(() => {});
  }
}
