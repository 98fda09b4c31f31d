import { AppError } from "#contract/errors.ts";
import type { Reservation } from "../state/reservation.ts";

export interface AppendRoomOptions {
  readonly reservation: Reservation;
  readonly offsetBytes: number;
  /** Where the upload ends at the latest. */
  readonly endBytes: number;
  /** What is thrown at more than that. */
  readonly overflow: () => AppError;
  /** Resolved when there is no time to wait for the database. */
  readonly leaving: Promise<"leaving">;
}

/** How much an append may bring: what the upload may still take, of which not all needs to be reserved yet. */
export class AppendRoom {
  /** The most it may bring. */
  readonly bytes: number;
  readonly #options: AppendRoomOptions;

  constructor(options: AppendRoomOptions) {
    this.#options = options;
    this.bytes = options.endBytes - options.offsetBytes;
  }

  /** Whether there is room for so many bytes in all without doing anything. */
  isThereFor(receivedBytes: number): boolean {
    return receivedBytes <= this.bytes && receivedBytes <= this.#reservedBytes;
  }

  /**
   * Makes room for so many bytes in all. Throws what there is for more than the upload may take, `QUOTA_EXCEEDED`, and
   * `UPLOAD_SUPERSEDED` where the append is to leave before the database has answered.
   */
  async makeFor(receivedBytes: number): Promise<void> {
    if (receivedBytes > this.bytes) throw this.#options.overflow();
    if (receivedBytes > this.#reservedBytes) await this.#reserve(this.#options.offsetBytes + receivedBytes);
  }

  get #reservedBytes(): number {
    return this.#options.reservation.endBytes - this.#options.offsetBytes;
  }

  async #reserve(endBytes: number): Promise<void> {
    const reserving = this.#options.reservation.cover(endBytes);
    // If nobody waits for it any more, nothing depends on how it ends either.
    reserving.catch(() => {});
    if ((await Promise.race([reserving, this.#options.leaving])) === "leaving") {
      throw new AppError("UPLOAD_SUPERSEDED");
    }
  }
}
