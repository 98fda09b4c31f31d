import { AppError } from "#contract/errors.ts";
import type { Caller } from "../../services/file-actions.ts";
import { isDonePartial } from "../joining/joinable.ts";
import { isFinalising, isSettled } from "../state/phases.ts";
import { requireOpen } from "../state/standing.ts";
import type { UploadState } from "../state/upload-state.ts";
import type { UploadStore } from "../state/upload-store.ts";
import type { Hold } from "../writing/writer-slot.ts";
import type { Ending } from "./ending.ts";
import type { Finaliser } from "./finalise.ts";

export interface RemovalOptions {
  readonly store: UploadStore;
  readonly ending: Ending;
  readonly finaliser: Finaliser;
  /** Takes the upload over from whatever request works on it. */
  readonly take: () => Promise<Hold>;
}

/** Every way in which an upload is ended from outside: by its client, with its file, or with its tenant. */
export class Removal {
  readonly #options: RemovalOptions;

  constructor(options: RemovalOptions) {
    this.#options = options;
  }

  /** Ends an upload that is receiving, and frees what it holds. Throws `UPLOAD_SUPERSEDED` where another request has it. */
  async terminate({ fence }: Hold): Promise<void> {
    fence();
    await this.#options.ending.end("terminated");
  }

  /**
   * Ends the upload for its client, complete or not: what it has become is deleted as `by` may. One that is being finished
   * is waited for. Throws as `Ending.deleteFile`, and `SERVICE_UNAVAILABLE` where it can't be finished now.
   */
  async delete(by: Caller, { fence }: Hold): Promise<void> {
    if (isFinalising(this.#requireState().phase)) await this.#options.finaliser.drive();
    fence();
    const { phase, kind } = this.#requireState();
    if (isFinalising(phase)) throw beingFinished();
    if (phase === "done" && kind !== "partial") await this.#options.ending.deleteFile(by);
    else await this.#options.ending.end("terminated");
  }

  /** Ends the upload where that is still possible, because its file is being removed: an end or none is fine as well. */
  async abandon(): Promise<void> {
    if (isSettled(this.#options.store.state)) return;
    const hold = await this.#options.take();
    try {
      // It may have been completed by the request that was cut.
      if (!isSettled(this.#options.store.state)) await this.#options.ending.end("terminated");
    } finally {
      hold.release();
    }
  }

  /** Forgets the upload and all that it holds, whatever it is at: its tenant is being erased. */
  async erase(): Promise<void> {
    const hold = await this.#options.take();
    try {
      // A step of finalising that is being taken would go on with what is no longer there.
      await this.#options.finaliser.drive();
      hold.fence();
      await this.#options.ending.erase();
    } finally {
      hold.release();
    }
  }

  /** Frees the bytes of a partial upload that a final one has copied. */
  async spendPartial(): Promise<void> {
    const hold = await this.#options.take();
    try {
      if (isDonePartial(this.#options.store.state)) await this.#options.ending.spend();
    } finally {
      hold.release();
    }
  }

  #requireState(): UploadState {
    return requireOpen(this.#options.store.state);
  }
}

/** What failed at an upload's end is tried again soon (finalise.ts). */
function beingFinished(): AppError {
  return new AppError("SERVICE_UNAVAILABLE", {
    detail: "The upload is being finished.",
    headers: { "Retry-After": "2" },
  });
}
