import type { Ending } from "../finishing/ending.ts";
import type { Outside } from "../outside.ts";
import type { FinalRef, PartialDescription, UploadState } from "../state/upload-state.ts";
import { NO_PARTIAL, refOf } from "../state/upload-state.ts";
import type { UploadStore } from "../state/upload-store.ts";

/** A partial is kept for so long from when it was complete, or a final upload of it was last asked for. */
export const PARTIAL_KEPT_MS = 6 * 24 * 3_600_000;

/** Whether an upload is a partial one (tus 1.0, Concatenation) that can be joined, or was. */
function isDonePartial(state: UploadState | undefined): boolean {
  return state?.kind === "partial" && state.phase === "done";
}

function isSameFinal(one: FinalRef | undefined, other: FinalRef): boolean {
  return one?.fileId === other.fileId && one.version === other.version;
}

export interface PartialOptions {
  readonly store: UploadStore;
  readonly outside: Pick<Outside, "findFinal">;
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

  /**
   * Remembers the final upload that it was joined to. One that came to nothing says so too, and again whenever it begins
   * to copy: of two, it is the one that has the reservation, and where that has ended the one that was known before.
   */
  async claim({ fileId, version }: FinalRef): Promise<void> {
    const { store, outside } = this.#options;
    const { state } = store;
    if (state === undefined || !isDonePartial(state)) return;
    const final = { fileId, version };
    const isOther = state.joinedTo !== undefined && !isSameFinal(state.joinedTo, final);
    if (isOther && !isSameFinal(await outside.findFinal(refOf(state)), final)) return;
    // It may have ended meanwhile.
    if (isDonePartial(store.state)) store.update({ joinedTo: final });
  }

  /** Frees its bytes: a final upload has copied them, and no other can. */
  async spend(): Promise<void> {
    const { store, ending } = this.#options;
    if (isDonePartial(store.state)) await ending.spend();
  }
}
