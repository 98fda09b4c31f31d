/** One slice is in memory at a time; SHA-256 of it takes a few milliseconds, which the browser spends on another thread. */
const SLICE_BYTES = 1024 * 1024;

/** A file's first bytes, and what they hash to. `bytes` is a multiple of the slice, or the file's size. */
export interface CoveredPrefix {
  readonly bytes: number;
  readonly digest: string;
}

/** SHA-256 in hex. Rejects when the content can't be read. */
export async function sha256Hex(content: Blob): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await content.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether this browser hashes: not in an insecure context. */
export function canHash(): boolean {
  return globalThis.crypto.subtle !== undefined;
}

/**
 * A digest of a file's beginning that can go on from where it is: each slice is hashed together with the digest of what is
 * before it. So a few bytes beside a resume point prove that a file begins as the one that was being sent.
 */
export class PrefixDigest {
  readonly #file: Blob;
  /** After each slice: what a point says can be compared wherever it is. 64 bytes for each MiB. */
  readonly #digests: string[] = [];

  constructor(file: Blob) {
    this.#file = file;
  }

  get covered(): CoveredPrefix {
    const count = this.#digests.length;
    return { bytes: Math.min(count * SLICE_BYTES, this.#file.size), digest: this.#digests[count - 1] ?? "" };
  }

  /**
   * Goes on until the first `bytes` are covered, or the file's end.
   * @throws the signal's reason; an error of the browser's when the file can't be read
   */
  async cover(bytes: number, signal: AbortSignal): Promise<void> {
    const wanted = Math.min(bytes, this.#file.size);
    while (this.covered.bytes < wanted) {
      signal.throwIfAborted();
      const count = this.#digests.length;
      const before = this.covered;
      const slice = this.#file.slice(before.bytes, before.bytes + SLICE_BYTES);
      const digest = await sha256Hex(new Blob([before.digest, slice]));
      // Another call may have come first.
      if (this.#digests.length === count) this.#digests.push(digest);
    }
  }

  /** Whether the file begins as the prefix says. Throws as `cover` does. */
  async proves({ bytes, digest }: CoveredPrefix, signal: AbortSignal): Promise<boolean> {
    const { size } = this.#file;
    if (bytes > size || (bytes % SLICE_BYTES !== 0 && bytes !== size)) return false;
    await this.cover(bytes, signal);
    return (this.#digests[Math.ceil(bytes / SLICE_BYTES) - 1] ?? "") === digest;
  }
}

/** The digest of `file` as far as `prefix` goes, if the file begins so. Throws as `cover` does. */
export async function proveBeginning(
  file: Blob,
  prefix: CoveredPrefix,
  signal: AbortSignal,
): Promise<PrefixDigest | undefined> {
  const digest = new PrefixDigest(file);
  return (await digest.proves(prefix, signal)) ? digest : undefined;
}
