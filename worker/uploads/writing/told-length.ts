import { AppError } from "#contract/errors.ts";
import type { UploadStore } from "../state/upload-store.ts";
import type { AppendRequest } from "./append.ts";
import { mostBytesOf, tooLargeError } from "./part-size.ts";

type Telling = Pick<AppendRequest, "lengthBytes" | "digests" | "completion">;

/**
 * What is known of an upload's length while an append is at work: from before, or by this append. A length that is told by
 * an append which may yet be discarded counts only when its bytes do.
 */
export class ToldLength {
  readonly #store: UploadStore;
  readonly #request: Telling;

  constructor(store: UploadStore, request: Telling) {
    this.#store = store;
    this.#request = request;
    const { lengthBytes, digests } = request;
    if (lengthBytes !== undefined && digests.length === 0) store.update({ lengthBytes });
  }

  /** The length; undefined where nobody has told it. */
  get bytes(): number | undefined {
    return this.#store.requireState().lengthBytes ?? this.#pendingBytes;
  }

  /** Where the upload ends at the latest. */
  get endBytes(): number {
    return this.bytes ?? mostBytesOf(this.#store.requireState());
  }

  /** What is to be thrown where an append brings more. */
  overflow(): AppError {
    if (this.bytes === undefined) return tooLargeError(this.#store.requireState());
    return new AppError(
      this.#request.completion === "at-length" ? "UPLOAD_BODY_TOO_LARGE" : "UPLOAD_LENGTH_EXCEEDED",
    );
  }

  /**
   * Whether an append that ends at `offsetBytes` is the upload's end. Throws `UPLOAD_LENGTH_CONFLICT` where the client says
   * that this is all and it isn't.
   */
  isCompleteAt(offsetBytes: number, ending: "end" | "cut"): boolean {
    const { bytes } = this;
    const { completion } = this.#request;
    if (completion === "at-length") return offsetBytes === bytes;
    if (completion === "not-yet" || ending === "cut") return false;
    if (bytes === undefined || offsetBytes === bytes) return true;
    throw new AppError("UPLOAD_LENGTH_CONFLICT");
  }

  /** The append's bytes count, so what it told does too. To be called within a transaction. */
  commit(): void {
    if (this.#pendingBytes !== undefined) this.#store.update({ lengthBytes: this.#pendingBytes });
  }

  get #pendingBytes(): number | undefined {
    return this.#request.digests.length > 0 ? this.#request.lengthBytes : undefined;
  }
}
