import { AppError, asAppError, ERRORS, methodError, problemResponse } from "#contract/errors.ts";
import { bareMediaType } from "#contract/file-types.ts";
import { uploadPath } from "#contract/tus.ts";
import { versionPath } from "#contract/versions.ts";
import type { Caller } from "../../services/file-actions.ts";
import { appendBody } from "../append-body.ts";
import { appendMissing } from "../append-missing.ts";
import { hasEnded, isComplete } from "../state/phases.ts";

import { bodyBytesOf } from "../request-body.ts";
import { stateHeaders } from "../state-headers.ts";

import type { Upload } from "../upload.ts";
import type { AppendRequest, Completion } from "../writing/append.ts";
import { mostBytesOf } from "../writing/part-size.ts";
import type { Hold } from "../writing/writer-slot.ts";
import {
  formatUploadLimit,
  PARTIAL_UPLOAD_TYPE,
  parseBooleanField,
  parseDigestField,
  parseIntegerField,
} from "./fields.ts";
import { describeMismatch, describeRefusal } from "./problems.ts";

/**
 * Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload, interop version 8) over one `Upload` that its sender
 * may see. No 104 is sent: workerd can't send interim responses, which the draft allows for.
 */
export class IetfFrontEnd {
  readonly #upload: Upload;
  readonly #maxAppendBytes: number;

  /** @param maxAppendBytes the most that one request may carry */
  constructor(upload: Upload, maxAppendBytes: number) {
    this.#upload = upload;
    this.#maxAppendBytes = maxAppendBytes;
  }

  /** Answers a request. Throws `AppError`s; `describeProblem` adds the draft's own fields to them. */
  async handle(request: Request, by: Caller): Promise<Response> {
    switch (request.method) {
      case "POST":
        return this.#answerCreation(request);
      case "HEAD":
      case "GET":
        return this.#answerState();
      case "PATCH":
        return this.#answerAppend(request);
      case "DELETE":
        return this.#answerCancel(by);
      default:
        throw methodError(["HEAD", "GET", "PATCH", "DELETE"]);
    }
  }

  /** An error with what the draft wants said of it: where the upload is, its problem types, its limits. */
  describeProblem(error: AppError, requestId: string, request: Request): Response {
    const described = describeRefusal(error).withHeaders(
      this.#stateAfter(error),
      this.#mismatch(error, request),
    );
    return problemResponse(described, requestId);
  }

  /** Where the upload is, as long as it can be gone on with; and its limits, if they may be what was passed. */
  #stateAfter(error: AppError): Record<string, string> {
    const { state, nowMs, offsetBytes } = this.#upload;
    if (state === undefined) return {};
    const isOpen = !hasEnded(state);
    if (!isOpen && error.status !== 413) return {};
    const limit = { maxSizeBytes: mostBytesOf(state), expiresAtMs: isOpen ? state.expiresAtMs : null };
    return {
      "Upload-Limit": formatUploadLimit(limit, nowMs),
      ...(isOpen ? { "Upload-Offset": String(offsetBytes) } : {}),
    };
  }

  /** None where another request is ahead with bytes that aren't durable: then both offsets would be the same. */
  #mismatch(error: AppError, request: Request): Record<string, string | number> {
    const { offsetBytes } = this.#upload;
    const provided = parseIntegerField(request.headers, "Upload-Offset");
    const differs = provided !== undefined && provided !== offsetBytes;
    return error.code === "UPLOAD_OFFSET_MISMATCH" && differs ? describeMismatch(offsetBytes, provided) : {};
  }

  /** Creation: the upload exists by now, and the content is its beginning, or all of it. */
  async #answerCreation(request: Request): Promise<Response> {
    const complete = parseBooleanField(request.headers, "Upload-Complete") ?? true;
    const hold = await this.#upload.take();
    try {
      await this.#append(request, parseAppend(request, complete ? "with-this" : "not-yet", 0), hold, 0);
    } catch (error) {
      throw await this.#afterCreation(asAppError(error), hold);
    } finally {
      hold.release();
    }
    return this.#isDone ? this.#answerDone() : this.#answerCreated();
  }

  /** The creation again, by whoever lost its answer: where the upload is by now, with what its body has beyond that. */
  async answerAgain(request: Request): Promise<Response> {
    const complete = parseBooleanField(request.headers, "Upload-Complete") ?? true;
    const parsed = parseAppend(request, complete ? "with-this" : "not-yet", 0);
    await appendMissing(this.#upload, request.body, parsed, this.#maxAppendBytes).catch((error: unknown) => {
      throw asAppError(inTermsOfIetf(error)).withHeaders({ Location: this.#location });
    });
    return this.#isDone ? this.#answerDone() : this.#answerCreated();
  }

  /** What may succeed later is told where to go on; anything else leaves nothing behind, since nobody knows of it. */
  async #afterCreation(error: AppError, hold: Hold): Promise<AppError> {
    if (this.#upload.state?.phase !== "receiving") return error;
    if (ERRORS[error.code].retryable) return error.withHeaders({ Location: this.#location });
    await this.#upload.removal.terminate(hold);
    return error;
  }

  get #location(): string {
    return uploadPath(this.#upload.requireState());
  }

  /** Whether the upload is complete: a body that was cut short completes nothing, whatever its request said. */
  get #isDone(): boolean {
    return isComplete(this.#upload.requireState());
  }

  #answerCreated(): Response {
    const headers = stateHeaders(this.#upload);
    headers.set("Location", this.#location);
    return new Response(null, { status: 201, headers });
  }

  /** The answer to the upload as a whole: the same to the last append as to a single request, and asked for again. */
  #answerDone(): Response {
    const headers = stateHeaders(this.#upload);
    const state = this.#upload.requireState();
    const { fileId: id, version } = state;
    const url = `/v1/files/${id}`;
    headers.set("Location", url);
    headers.set("Content-Type", "application/json");
    const completed = { id, url, version, versionUrl: versionPath(state) };
    return new Response(JSON.stringify(completed), { status: 201, headers });
  }

  async #answerState(): Promise<Response> {
    const hold = await this.#upload.take();
    try {
      return new Response(null, { status: 204, headers: stateHeaders(this.#upload) });
    } finally {
      hold.release();
    }
  }

  async #answerAppend(request: Request): Promise<Response> {
    if (bareMediaType(request.headers.get("Content-Type") ?? "") !== PARTIAL_UPLOAD_TYPE) {
      throw new AppError("UPLOAD_CONTENT_TYPE_INVALID", {
        detail: `An append carries ${PARTIAL_UPLOAD_TYPE}.`,
        headers: { "Accept-Patch": PARTIAL_UPLOAD_TYPE },
      });
    }
    const offset = parseIntegerField(request.headers, "Upload-Offset");
    const complete = parseBooleanField(request.headers, "Upload-Complete");
    if (offset === undefined) throw new AppError("UPLOAD_OFFSET_INVALID");
    if (complete === undefined) {
      throw new AppError("UPLOAD_HEADER_INVALID", { detail: "An append needs Upload-Complete." });
    }
    const state = this.#upload.requireState();
    if (state.kind !== "file") throw new AppError("UPLOAD_FINAL");
    if (isComplete(state) && !complete) throw new AppError("UPLOAD_COMPLETED");
    // A request that can't succeed takes no upload over.
    const parsed = parseAppend(request, complete ? "with-this" : "not-yet", offset);
    const hold = await this.#upload.takeAt(offset);
    try {
      await this.#append(request, parsed, hold, offset);
    } finally {
      hold.release();
    }
    if (this.#isDone) return this.#answerDone();
    return new Response(null, { status: 204, headers: stateHeaders(this.#upload) });
  }

  async #append(request: Request, parsed: ParsedAppend, hold: Hold, offsetBytes: number): Promise<void> {
    const isCreation = request.method === "POST";
    const limits = { offsetBytes, maxAppendBytes: this.#maxAppendBytes, isCreation };
    try {
      await appendBody(this.#upload, request.body, { ...parsed, hold }, limits);
    } catch (error) {
      throw inTermsOfIetf(error);
    }
  }

  async #answerCancel(by: Caller): Promise<Response> {
    const hold = await this.#upload.take();
    try {
      await this.#upload.removal.delete(by, hold);
      return new Response(null, { status: 204 });
    } finally {
      hold.release();
    }
  }
}

type ParsedAppend = Omit<AppendRequest, "source" | "hold">;

/** Throws `UPLOAD_LENGTH_CONFLICT` where Upload-Length and the length of a completing body don't agree. */
function parseAppend(request: Request, completion: Completion, offset: number): ParsedAppend {
  const bodyBytes = bodyBytesOf(request);
  const declared = parseIntegerField(request.headers, "Upload-Length");
  const implied = completion === "with-this" && bodyBytes !== null ? offset + bodyBytes : undefined;
  if (declared !== undefined && implied !== undefined && declared !== implied) {
    throw new AppError("UPLOAD_LENGTH_CONFLICT");
  }
  return {
    bodyBytes,
    completion,
    lengthBytes: declared ?? implied,
    digests: parseDigestField(request.headers, "Content-Digest"),
  };
}

/** The status of a wrong checksum is tus's own. */
function inTermsOfIetf(error: unknown): unknown {
  const isChecksum = error instanceof AppError && error.code === "UPLOAD_CHECKSUM_MISMATCH";
  return isChecksum ? new AppError("CONTENT_DIGEST_MISMATCH") : error;
}
