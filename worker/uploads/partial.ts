import type { FileVersionRef } from "#contract/ids.ts";
import type { Ending } from "./ending.ts";
import type { PartialDescription, UploadState } from "./upload-state.ts";
import { NO_PARTIAL } from "./upload-state.ts";
import type { UploadStore } from "./upload-store.ts";

/** A partial is kept for so long from when it was complete, or a final upload of it was last asked for. */
export const PARTIAL_KEPT_MS = 6 * 24 * 3_600_000;

/** Whether an upload is a partial one (tus 1.0, Concatenation) that can be joined, or was. */
function isDonePartial(state: UploadState | undefined): boolean {
  return state?.kind === "partial" && state.phase === "done";
}

export interface PartialOptions {
  readonly store: UploadStore;
  readonly ending: Ending;
  readonly now: () => number;
}

/** What becomes of an upload as a partial one, when it is complete. */
export class Partial {
  readonly #options: PartialOptions;

  constructor(options: PartialOptions) {
    this.#options = options;
  }

  describe(): PartialDescription {
    const { store, now } = this.#options;
    const { state } = store;
    if (state === undefined || !isDonePartial(state)) return NO_PARTIAL;
    const { fileId, objectKey, etag, lengthBytes, joinedTo = null } = state;
    if (objectKey === null || etag === null || lengthBytes === null) return { source: null, joinedTo };
    store.setDue("expire", now() + PARTIAL_KEPT_MS);
    return { source: { fileId, objectKey, etag, sizeBytes: lengthBytes }, joinedTo };
  }

  /** Remembers the final upload, which has seen to it that it is the only one. */
  claim({ fileId, version }: FileVersionRef): void {
    const { store } = this.#options;
    if (isDonePartial(store.state)) store.update({ joinedTo: { fileId, version } });
  }

  /** Frees its bytes: a final upload has copied them, and no other can. */
  async spend(): Promise<void> {
    const { store, ending } = this.#options;
    if (isDonePartial(store.state)) await ending.spend();
  }
}
