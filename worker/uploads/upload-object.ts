import { DurableObject } from "cloudflare:workers";
import { AppError, asAppError, problemResponse } from "#contract/errors.ts";
import type { FileId, FileVersionRef, Identity } from "#contract/ids.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import { parseHeaderInteger, TUS_VERSION } from "#contract/tus.ts";
import { LiveClient } from "../live/live-client.ts";
import { checkContent } from "../services/content-type.ts";
import { deleteUploaded } from "../services/deleted-uploads.ts";
import type { Caller } from "../services/file-actions.ts";
import { findSpentPartials } from "../services/final-uploads.ts";
import { extendReservation, reduceReservation } from "../services/quota.ts";
import type { UploadOrigin } from "../services/stored-uploads.ts";
import { forgetUpload, isStoredUpload, recordStoredUpload } from "../services/stored-uploads.ts";
import { sendJob } from "../storage/jobs.ts";
import { objectStoreOf } from "../storage/store.ts";
import { releaseUnreadBody } from "../unread-body.ts";
import { hasEnded } from "./state/phases.ts";

import { IetfFrontEnd } from "./ietf/ietf-front-end.ts";
import { LiveProgress } from "./live-progress.ts";
import { bodyBytesOf, requireBodyWithin } from "./request-body.ts";
import type { PartialSource } from "./state/upload-state.ts";
import { UploadStore } from "./state/upload-store.ts";
import { TusFrontEnd } from "./tus/tus-front-end.ts";
import { UploadClient } from "./upload-client.ts";
import type { UploadContext, UploadCreation } from "./upload-context.ts";
import { callerOf, readUploadContext } from "./upload-context.ts";
import { Upload } from "./upload.ts";
import { isolateSlabs } from "./writing/slabs.ts";

/**
 * One resumable upload as a Durable Object: its lock, its offset and its tail live here, so there is one writer and no
 * lock service. It is named by tenant and file id. This class only connects: the upload itself is `Upload`, the
 * protocols are front ends of it that don't know each other.
 */
export class UploadObject extends DurableObject<Env> {
  readonly #upload: Upload;
  readonly #live: LiveProgress;
  /** As the last request's worker is configured: the object itself has no configuration. */
  #defaultQuotaBytes = 0;
  #graceMs = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const uploads = new UploadClient(env);
    const live = new LiveClient(env);
    this.#live = new LiveProgress({
      publish: (tenantId, channel, facts) => live.publish(tenantId, channel, facts),
      later: (work) => ctx.waitUntil(work),
      now: () => Date.now(),
    });
    this.#upload = new Upload({
      store: new UploadStore(ctx.storage),
      objects: objectStoreOf(env),
      slabs: isolateSlabs,
      sniff: checkContent,
      graceMs: () => this.#graceMs,
      now: () => Date.now(),
      outside: {
        record: (job, origin) => this.#record(job, origin),
        isRecorded: (ref) => isStoredUpload(env, ref),
        announce: (job) => sendJob(env, job),
        findSpent: (tenantId, partialIds) => findSpentPartials(env, tenantId, partialIds),
        discard: (partial) => uploads.spend(partial),
        forget: (ref) => this.#forget(ref),
        deleteUploaded: (ref, by) => this.#deleteUploaded(ref, by, uploads),
        extend: (ref, growth) => extendReservation(env, ref, growth, this.#defaultQuotaBytes),
        reduce: (ref, fromBytes, toBytes) => reduceReservation(env, ref, fromBytes, toBytes),
      },
    });
  }

  override async fetch(request: Request): Promise<Response> {
    const context = readUploadContext(request);
    this.#defaultQuotaBytes = context.defaultQuotaBytes;
    this.#graceMs = context.creationGraceMs;
    let isRepeat = false;
    const answer = await this.#answer(request, context).catch((error: unknown) => {
      isRepeat = this.#isRepeat(request, error);
      return this.#describe(error, request, context);
    });
    await releaseUnreadBody(request, !isRepeat);
    return answer;
  }

  /**
   * Whether it is refused as an append that was cut, once more: a browser whose connection was reset sends the whole request
   * again by itself (Chromium), and what it sends of that is for nothing. The append itself, where it was cut from here, is
   * refused for another reason (`UPLOAD_SUPERSEDED`); and whoever repeats it again is told why.
   */
  #isRepeat({ method, headers }: Request, error: unknown): boolean {
    const isElsewhere = error instanceof AppError && error.code === "UPLOAD_OFFSET_MISMATCH";
    if (method !== "PATCH" || !isElsewhere) return false;
    return this.#upload.repeats.take(parseHeaderInteger(headers.get("Upload-Offset") ?? ""));
  }

  async #record(job: ProcessJob, origin: UploadOrigin): Promise<boolean> {
    const isRecorded = await recordStoredUpload(this.env, job, origin, Date.now());
    if (isRecorded) this.#live.end(this.#upload.state, "upload.finished");
    return isRecorded;
  }

  async #forget(ref: FileVersionRef): Promise<void> {
    await forgetUpload(this.env, ref);
    this.#live.end(this.#upload.state, "upload.ended");
  }

  async #deleteUploaded(ref: FileVersionRef, by: Caller, uploads: UploadClient): Promise<boolean> {
    const tools = {
      objects: objectStoreOf(this.env),
      endUpload: (other: FileVersionRef) => uploads.end(other),
      later: (work: Promise<void>) => this.ctx.waitUntil(work),
    };
    const wasThere = await deleteUploaded(this.env, tools, by, ref, Date.now());
    if (wasThere) this.#live.end(this.#upload.state, "upload.ended");
    return wasThere;
  }

  override async alarm(): Promise<void> {
    await this.#upload.onAlarm();
  }

  /** What this one brings to a final upload; null where it isn't a complete partial one, or isn't the caller's. */
  joinable(identity: Identity): PartialSource | null {
    return isAllowed(this.#upload, identity) ? this.#upload.joinable() : null;
  }

  /** Whether this is the caller's final upload of these partials, with this metadata. */
  isFinalOf(identity: Identity, partialIds: readonly FileId[], metadata: string | null): boolean {
    return isAllowed(this.#upload, identity) && this.#upload.isFinalOf(partialIds, metadata);
  }

  /** Frees the bytes of this, a partial upload that nobody can join any more. */
  spend(): Promise<void> {
    return this.#upload.removal.spendPartial();
  }

  /** Ends the upload, whoever's it is: its file is being removed. */
  abandon(): Promise<void> {
    return this.#upload.removal.abandon();
  }

  /** For the erasure of the upload's tenant. */
  async eraseUpload(): Promise<void> {
    await this.#upload.removal.erase();
  }

  /** Whether there is an upload here that needs what is reserved for it. Writes nothing where there is none. */
  needsReservation(): Promise<boolean> {
    return this.#upload.needsReservation();
  }

  async #answer(request: Request, context: UploadContext): Promise<Response> {
    const { creation } = context;
    const isAgain = creation !== undefined && !(await this.#create(request, context, creation));
    // Another user's upload is no upload; another tenant's is another object, which is empty.
    if (!isAllowed(this.#upload, context.identity)) throw new AppError("UPLOAD_NOT_FOUND");
    const { protocol, maxAppendBytes } = context;
    requireBodyWithin(request, maxAppendBytes);
    const FrontEnd = protocol === "tus" ? TusFrontEnd : IetfFrontEnd;
    const frontEnd = new FrontEnd(this.#upload, maxAppendBytes);
    try {
      return await (isAgain ? frontEnd.answerAgain(request) : frontEnd.handle(request, callerOf(context)));
    } finally {
      this.#live.advance(this.#upload.state, this.#upload.offsetBytes);
    }
  }

  /** Makes the upload; false where it is there, and this is its creation again. Throws `GRANT_USED`. */
  async #create(request: Request, context: UploadContext, creation: UploadCreation): Promise<boolean> {
    const { reservedBytes } = creation;
    // The id of an upload is new, but for a grant's, which may have ended and left no record behind.
    if (this.#upload.state !== undefined) {
      if (reservedBytes !== null) await this.#upload.endIfPurged();
      if (this.#upload.wasCreatedBy(creation.creationKey)) return false;
      throw new AppError("GRANT_USED");
    }
    if (reservedBytes === null) throw new AppError("GRANT_USED");
    const { identity, fileId, version, idleMs, protocol } = context;
    const { tenantId: _tenantId, ...actor } = callerOf(context).actor;
    const ref = { tenantId: identity.tenantId, fileId, version };
    // One with a body ends with that body: if it is longer than it may be, there is to be no empty file.
    const completesAtLength = protocol === "tus" && bodyBytesOf(request) === 0;
    await this.#upload.create({
      ...creation,
      reservedBytes,
      ref,
      ownerId: identity.userId,
      actor,
      idleMs,
      completesAtLength,
    });
    this.#live.begin(this.#upload.state);
    return true;
  }

  #describe(
    error: unknown,
    request: Request,
    { requestId, fileId, identity, protocol, maxAppendBytes }: UploadContext,
  ): Response {
    const known = asAppError(error);
    if (known.status >= 500) {
      const ids = { requestId, uploadId: fileId, tenantId: identity.tenantId };
      console.error({ event: "upload-failed", ...ids, error: String(error), cause: String(known.cause) });
    }
    // Whoever may not see the upload is told nothing of it.
    if (known.code === "UPLOAD_NOT_FOUND") return problemResponse(known, requestId);
    if (protocol === "ietf") {
      return new IetfFrontEnd(this.#upload, maxAppendBytes).describeProblem(known, requestId, request);
    }
    const answer = problemResponse(known, requestId);
    answer.headers.set("Tus-Resumable", TUS_VERSION);
    const { state } = this.#upload;
    const isThere = state !== undefined && !hasEnded(state);
    if (isThere && OFFSET_ERRORS.has(known.code)) {
      answer.headers.set("Upload-Offset", String(this.#upload.offsetBytes));
    }
    return answer;
  }
}

/** Errors of tus whose answer tells where the upload is. */
const OFFSET_ERRORS: ReadonlySet<string> = new Set([
  "UPLOAD_OFFSET_MISMATCH",
  "UPLOAD_SUPERSEDED",
  "UPLOAD_BODY_TOO_LARGE",
  "UPLOAD_CHECKSUM_MISMATCH",
  "QUOTA_EXCEEDED",
  "STORE_UNAVAILABLE",
]);

function isAllowed({ state }: Upload, identity: Identity): boolean {
  return state !== undefined && (state.ownerId === identity.userId || identity.role !== "member");
}
