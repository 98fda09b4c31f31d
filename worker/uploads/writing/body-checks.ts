import type { ReprDigests } from "#contract/jobs.ts";
import type { UploadStore } from "../state/upload-store.ts";
import type { ExpectedDigest } from "./digests.ts";
import { BodyDigests, WholeDigests } from "./digests.ts";
import type { SniffCheck } from "./require-content.ts";
import { SniffGate } from "./sniff-gate.ts";

export interface BodyChecksOptions {
  readonly store: UploadStore;
  readonly sniff: SniffCheck;
  /** Digests of this body. */
  readonly digests: readonly ExpectedDigest[];
  /** Whether all the upload's bytes come with this body: native digests can't be kept from one append to the next. */
  readonly bringsAll: boolean;
}

/** What looks at the bytes of an append before they are taken. */
export class BodyChecks {
  readonly #body: BodyDigests | undefined;
  readonly #whole: WholeDigests | undefined;
  readonly #gate: SniffGate;
  #isVerified = false;
  #ended: Promise<ReprDigests | undefined> | undefined;

  constructor({ store, sniff, digests, bringsAll }: BodyChecksOptions) {
    const { reprDigests, wantedDigest } = store.requireState();
    const isWanted = wantedDigest !== null || Object.keys(reprDigests).length > 0;
    this.#body = digests.length > 0 ? new BodyDigests(digests) : undefined;
    this.#whole = isWanted && bringsAll ? new WholeDigests(reprDigests, wantedDigest) : undefined;
    this.#gate = new SniffGate(store, sniff);
  }

  /** Whether there is nothing to look at in what comes now. */
  get areOver(): boolean {
    return this.#body === undefined && this.#whole === undefined && this.#gate.isOpen;
  }

  /** Looks at a chunk; its memory may be used again when the promise is done. Throws `FILE_TYPE_MISMATCH`. */
  async look(bytes: Uint8Array): Promise<void> {
    if (this.#body !== undefined) await this.#body.write(bytes);
    if (this.#whole !== undefined) await this.#whole.write(bytes);
    if (!this.#gate.isOpen) await this.#gate.push(bytes);
  }

  /** Whether nothing is to be said against the body any more: its digests are right, or it has none. */
  get isBodyRight(): boolean {
    return this.#body === undefined || this.#isVerified;
  }

  /** The body has ended. Throws `UPLOAD_CHECKSUM_MISMATCH`. */
  async endBody(): Promise<void> {
    await this.#body?.verify();
    this.#isVerified = true;
  }

  /**
   * The upload has ended: its digests, where they were computed here. Throws `FILE_TYPE_MISMATCH` and
   * `REPR_DIGEST_MISMATCH`. Asked again, it says the same.
   */
  endUpload(): Promise<ReprDigests | undefined> {
    this.#ended ??= this.#endUpload();
    return this.#ended;
  }

  async #endUpload(): Promise<ReprDigests | undefined> {
    await this.#gate.end();
    return this.#whole?.finish();
  }

  /** Gives what is being computed up. */
  abandon(): void {
    this.#body?.abandon();
    this.#whole?.abandon();
  }
}
