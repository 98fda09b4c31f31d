import { AppError } from "#contract/errors.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import type { UploadOrigin } from "../../services/stored-uploads.ts";
import type { ObjectStore } from "../../storage/object-store.ts";
import { copySources } from "../joining/copy-sources.ts";
import { discardSources } from "../joining/final-sources.ts";
import { PARTIAL_KEPT_MS } from "../joining/joinable.ts";
import type { Outside } from "../outside.ts";
import type { UploadPhase } from "../state/phases.ts";
import { hasEnded, isFinalising } from "../state/phases.ts";
import type { UploadState } from "../state/upload-state.ts";
import { END_KEPT_MS, refOf } from "../state/upload-state.ts";
import type { UploadStore } from "../state/upload-store.ts";
import type { Fence, ObjectParts } from "../writing/object-parts.ts";
import type { SlabBudget } from "../writing/slabs.ts";
import { completeObject } from "./completion.ts";
import type { Ending } from "./ending.ts";
import { retryDelayMs } from "./retries.ts";

/** First wait after a step failed. */
const FIRST_RETRY_MS = 1_000;
/**
 * How long is copied in one go. The handler of an alarm may take 15 minutes, and 30 s of CPU unless more is allowed
 * (wrangler.toml); a copy goes on by the next one, so that it is never near either, whatever its size.
 */
const COPY_LIMIT_MS = 60_000;
/** The alarm that takes over when the request that completed the upload dies on the way. */
const TAKE_OVER_MS = 15_000;

export interface FinaliserOptions {
  readonly store: UploadStore;
  readonly objects: ObjectStore;
  readonly parts: ObjectParts;
  readonly slabs: SlabBudget;
  readonly outside: Outside;
  readonly ending: Ending;
  readonly now: () => number;
}

/**
 * Takes a complete upload from its last byte to the processor:
 *
 *   receiving → storing (parts become the object) → recording (D1: `quarantined`) → announcing (queue) → done
 *
 * A final upload begins with `copying` in the place of `receiving`, and has `discarding` before `done`: what it was made
 * of is freed. A partial one ends after `storing`.
 *
 * Each state is durable before its step begins and each step may be done twice, so that after a crash at any point the
 * alarm goes on from there. `announcing` is the queue's outbox: the job is sent at least once.
 */
export class Finaliser {
  readonly #options: FinaliserOptions;
  #running: Promise<void> | undefined;

  constructor(options: FinaliserOptions) {
    this.#options = options;
  }

  /**
   * Puts the machine in its first state, with the alarm that guards it. To be called within the transaction that makes
   * the last byte durable: a complete upload that nobody finalises would be lost.
   */
  begin(): void {
    const { store, now } = this.#options;
    store.update({ phase: firstPhase(store.requireState()), failures: 0 });
    store.setDue("finalise", now() + TAKE_OVER_MS);
    store.clearDue("expire");
  }

  /** Runs until done or until a step fails, which is kept for the alarm to try again. Never throws; one at a time. */
  drive(): Promise<void> {
    this.#running ??= this.#driveOnce().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #driveOnce(): Promise<void> {
    const { store } = this.#options;
    try {
      for (let state = store.state; state !== undefined && isFinalising(state.phase); state = store.state) {
        if (!(await this.#step(state))) return;
      }
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** What was lost stays lost; all else is tried again. */
  async #fail(error: unknown): Promise<void> {
    const { ending, store } = this.#options;
    const { state } = store;
    // Erased while a step of it was being taken: there is nothing to go on with.
    if (state === undefined) return;
    if (hasEnded(state)) return logPostponed(state, error);
    if (!(error instanceof AppError && error.code === "UPLOAD_LOST")) return this.#postpone(error);
    console.error({ event: "upload-lost", ...refOf(state), detail: error.detail });
    await ending.refuse(error.code, error.detail).catch((cause: unknown) => logPostponed(state, cause));
  }

  /** Returns whether the next step may be taken at once; if not, it is due. */
  async #step(state: UploadState): Promise<boolean> {
    const { store, outside } = this.#options;
    switch (state.phase) {
      case "copying":
        return this.#copy();
      case "storing":
        await this.#makeObject(state);
        return true;
      case "recording":
        if (await outside.record(processJobOf(state), originOf(state))) store.update({ phase: "announcing" });
        else await this.#endWithoutFile(state);
        return true;
      case "announcing":
        await outside.announce(processJobOf(state));
        if (state.kind === "final") store.update({ phase: "discarding", failures: 0 });
        else this.#finish();
        return true;
      case "discarding":
        await discardSources(outside, state);
        this.#finish();
        return true;
      case "receiving":
      case "done":
      case "expired":
      case "refused":
      case "terminated":
      case "deleted":
        return false;
    }
  }

  async #copy(): Promise<boolean> {
    const { store, now } = this.#options;
    const isAll = await copySources(this.#options, now() + COPY_LIMIT_MS, () =>
      store.update({ phase: "storing", failures: 0 }),
    );
    if (!isAll) store.setDue("finalise", now());
    return isAll;
  }

  /** The file was erased while its bytes were on their way: they go too. */
  async #endWithoutFile(state: UploadState): Promise<void> {
    // It may have been recorded and erased since, without an answer: then its partials are nobody's.
    if (state.kind === "final") await discardSources(this.#options.outside, state);
    await this.#options.ending.end("terminated");
  }

  async #makeObject(state: UploadState): Promise<void> {
    const { store } = this.#options;
    const isSent = state.etag !== null || (state.multipartId !== null && store.tail.sizeBytes === 0);
    if (!isSent) await this.#sendTail();
    const { etag: known, storedBytes, lengthBytes } = store.requireState();
    if (storedBytes !== lengthBytes) {
      throw new AppError("UPLOAD_LOST", { detail: "What is stored has another size." });
    }
    const etag = known ?? (await completeObject(this.#options));
    store.update({ etag, failures: 0, missingSinceMs: undefined });
    if (state.kind === "partial") this.#finish();
    else store.update({ phase: "recording" });
  }

  async #sendTail(): Promise<void> {
    const { store, parts } = this.#options;
    const { partSizeBytes } = store.requireState();
    const bodies = store.tail.bodies(partSizeBytes ?? Math.max(1, store.tail.sizeBytes));
    const rest = await parts.sendRest(bodies, this.#fence);
    store.transaction(() => parts.commitRest(rest));
  }

  /** Nobody can take a complete upload over, so there is nothing to be fenced from. */
  readonly #fence: Fence = () => {};

  #finish(): void {
    const { store, ending, now } = this.#options;
    store.transaction(() => {
      const { kind, expiresAtMs } = store.update({ phase: "done", failures: 0 });
      store.clearBytes();
      store.clearDue("finalise");
      // A partial upload's object is nobody's file: it goes when there has been time enough to join it. What became of
      // others is known for as long as their end was announced to be off (Upload-Expires, max-age).
      store.setDue(
        kind === "partial" ? "expire" : "forget",
        kind === "partial" ? now() + PARTIAL_KEPT_MS : Math.max(now() + END_KEPT_MS, expiresAtMs),
      );
    });
    // Nobody waits for this; what it doesn't get done is done when the upload is forgotten.
    const ref = refOf(store.requireState());
    ending.removeGivenUp().catch((error: unknown) => {
      console.error({ event: "given-up-not-removed", ...ref, error: String(error) });
    });
  }

  #postpone(error: unknown): void {
    const { store, now } = this.#options;
    const failures = (store.state?.failures ?? 0) + 1;
    const delayMs = retryDelayMs(FIRST_RETRY_MS, failures);
    console.error({
      event: "finalise-postponed",
      phase: store.state?.phase,
      uploadId: store.state?.fileId,
      tenantId: store.state?.tenantId,
      failures,
      error: String(error),
    });
    store.transaction(() => {
      store.update({ failures });
      store.setDue("finalise", now() + delayMs);
    });
  }
}

/** What is left to do is due again (ending.ts). */
function logPostponed(state: UploadState, error: unknown): void {
  console.error({ event: "ending-postponed", ...refOf(state), error: String(error) });
}

function originOf({ actor, ownerId, sources }: UploadState): UploadOrigin {
  return { uploader: actor ?? { id: ownerId, kind: "member", requestId: null }, partials: sources };
}

/** Where finalising begins; a file that was stored as a whole has nothing to be put together. */
function firstPhase({ kind, etag }: UploadState): UploadPhase {
  if (kind === "final") return "copying";
  return kind === "file" && etag !== null ? "recording" : "storing";
}

function processJobOf(state: UploadState): ProcessJob {
  const { objectKey, etag, lengthBytes, declaredType, reprDigests } = state;
  if (objectKey === null || etag === null || lengthBytes === null)
    throw new Error("The object isn't stored yet.");
  return {
    ...{ kind: "process", ...refOf(state), objectKey, etag, sizeBytes: lengthBytes, declaredType },
    ...(Object.keys(reprDigests).length === 0 ? {} : { expectedDigests: reprDigests }),
  };
}
