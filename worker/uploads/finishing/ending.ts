import type { ErrorCode } from "#contract/errors.ts";
import { AppError } from "#contract/errors.ts";
import { originalKey, versionPrefix } from "#contract/keys.ts";
import { emptyPrefix } from "../../services/empty-prefix.ts";
import type { Caller } from "../../services/file-actions.ts";
import type { MultipartWriter, ObjectLister, ObjectRemover } from "../../storage/object-store.ts";
import type { Outside } from "../outside.ts";
import type { EndPhase } from "../state/phases.ts";
import { hasEnded } from "../state/phases.ts";
import type { UploadState } from "../state/upload-state.ts";
import { END_KEPT_MS, refOf } from "../state/upload-state.ts";
import type { UploadStore } from "../state/upload-store.ts";
import { retryDelayMs } from "./retries.ts";

/** First wait for another try of an end: longer than a try takes, because it is due before that begins. */
const END_RETRY_MS = 60_000;

export interface EndingOptions {
  readonly store: UploadStore;
  readonly objects: MultipartWriter & ObjectLister & ObjectRemover;
  readonly outside: Pick<Outside, "forget" | "deleteUploaded">;
  readonly now: () => number;
}

/** The end of an upload without a file: what it holds is freed, and what became of it is remembered for a while. */
export class Ending {
  readonly #options: EndingOptions;

  constructor(options: EndingOptions) {
    this.#options = options;
  }

  /** Ends an upload that can never become a file; `code` is what every later request is answered. */
  async refuse(code: ErrorCode, detail: string | undefined): Promise<void> {
    this.#options.store.note({ refusal: { code, detail: detail ?? null } });
    await this.end("refused");
  }

  /** Nothing is taken from here on; if a step fails, the alarm does it all again in a minute, or in some (retries.ts). */
  async end(phase: EndPhase): Promise<void> {
    const { store, outside, now } = this.#options;
    const state = store.requireState();
    const nowMs = now();
    const failures = hasEnded(state) ? state.failures + 1 : 1;
    store.transaction(() => {
      // An end that is only being finished stays what it was.
      store.update({ phase: hasEnded(state) ? state.phase : phase, failures });
      store.clearDue("finalise");
      store.setDue("expire", nowMs + retryDelayMs(END_RETRY_MS, failures));
    });
    await outside.forget(refOf(state));
    await this.#freeObjects(state);
    // Its tenant may have been erased meanwhile.
    if (store.state === undefined) return;
    store.transaction(() => {
      store.update({ failures: 0 });
      store.clearBytes();
      store.clearDue("expire");
      store.setDue("forget", nowMs + END_KEPT_MS);
    });
  }

  /**
   * Deletes the file that the upload has become: with it the upload is gone, and what is stored is the file's. Throws as
   * `deleteUploaded`, and `UPLOAD_NOT_FOUND` where the file had been deleted before.
   */
  async deleteFile(by: Caller): Promise<void> {
    const { store, outside } = this.#options;
    const wasThere = await outside.deleteUploaded(refOf(store.requireState()), by);
    this.outliveFile();
    if (!wasThere) throw new AppError("UPLOAD_NOT_FOUND");
  }

  /** The file that the upload has become is gone, and with it the upload. */
  outliveFile(): void {
    const { store } = this.#options;
    // Its tenant may have been erased meanwhile.
    if (store.state !== undefined) store.update({ phase: "deleted", objectKey: null, etag: null });
  }

  /**
   * Frees the bytes of a partial upload that a final one has copied. It stays complete for as long as what has ended is
   * remembered, so that a client that goes on with its final upload sends nothing again.
   */
  async spend(): Promise<void> {
    const { store, now } = this.#options;
    await this.#freeObjects(store.requireState());
    if (store.state === undefined) return;
    store.transaction(() => {
      store.update({ objectKey: null, etag: null });
      store.clearDue("expire");
      store.setDue("forget", now() + END_KEPT_MS);
    });
  }

  /**
   * Leaves nothing of the upload behind but what whoever erases its tenant removes: its record, and its object where it
   * has been stored.
   */
  async erase(): Promise<void> {
    const { store, objects, now } = this.#options;
    const { state } = store;
    if (state === undefined) return;
    const { phase, objectKey, multipartId, etag } = state;
    if (phase !== "done") {
      store.transaction(() => {
        store.update({ phase: hasEnded(state) ? phase : "terminated" });
        store.clearDue("finalise");
        store.setDue("expire", now() + END_RETRY_MS);
      });
    }
    const isInParts = objectKey !== null && multipartId !== null && etag === null;
    if (isInParts) await objects.abortMultipart(objectKey, multipartId);
    await store.forget();
  }

  /**
   * Leaves nothing at all behind, when nobody asks for what has ended any more. By now an attempt to store it has landed
   * that was on its way when it ended. What can't be done is due again.
   */
  async forget(): Promise<void> {
    const { store, now } = this.#options;
    const state = store.requireState();
    try {
      if (isItsOwn(state)) await this.#freeObjects(state);
      else if (state.phase === "done") await this.removeGivenUp();
      await store.forget();
    } catch (error) {
      if (store.state === undefined) return;
      console.error({ event: "forgetting-postponed", ...refOf(state), error: String(error) });
      const { failures } = store.update({ failures: state.failures + 1 });
      store.setDue("forget", now() + retryDelayMs(END_RETRY_MS, failures));
    }
  }

  /**
   * Removes what given-up attempts to store a complete upload left behind, which nobody counts: by their keys, of which
   * each is known before its attempt. Throws `STORE_UNAVAILABLE`.
   */
  async removeGivenUp(): Promise<void> {
    const { store, objects } = this.#options;
    const state = store.requireState();
    const { objectKey, objectAttempts } = state;
    if (objectKey === null) return;
    const attempts = Array.from({ length: objectAttempts }, (_, index) =>
      originalKey(refOf(state), index + 1),
    );
    await objects.remove(attempts.filter((key) => key !== objectKey));
  }

  /** By what there is and not by what is known: an attempt to store that was given up may have landed all the same. */
  async #freeObjects(state: UploadState): Promise<void> {
    const { objects } = this.#options;
    const { objectKey, multipartId, etag } = state;
    if (objectKey !== null && etag === null && multipartId !== null) {
      await objects.abortMultipart(objectKey, multipartId);
    }
    if (!(await emptyPrefix(objects, versionPrefix(refOf(state))))) throw new AppError("STORE_UNAVAILABLE");
  }
}

/** Whether what is stored is nobody else's: of what has become a file it is that file's, in the trash too. */
function isItsOwn(state: UploadState): boolean {
  return (hasEnded(state) && state.phase !== "deleted") || state.kind === "partial";
}
