import { AppError, formatProblem, PROBLEM_CONTENT_TYPE } from "#contract/errors.ts";
import { UPLOADS_PATH } from "#contract/tus.ts";
import type { AppendRequest, Completion } from "../append.ts";
import { BodySource } from "../body-source.ts";
import { bodyBytesOf } from "../request-body.ts";
import { stateHeaders } from "../state-headers.ts";
import type { Upload } from "../upload.ts";
import { isComplete } from "../upload-state.ts";
import type { Hold } from "../writer-slot.ts";
import { PARTIAL_UPLOAD_TYPE, parseBooleanField, parseDigestField, parseIntegerField } from "./fields.ts";

/** Where the problem types of draft-ietf-httpbis-resumable-upload are registered. */
const PROBLEM_TYPES = "https://iana.org/assignments/http-problem-types";

/**
 * Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload, interop version 8) over one `Upload` that its sender
 * may see. No 104 is sent: workerd can't send interim responses, which the draft allows for.
 */
export class IetfFrontEnd {
  readonly #upload: Upload;

  constructor(upload: Upload) {
    this.#upload = upload;
  }

  /** Answers a request. Throws `AppError`s; `describeProblem` adds the draft's own fields to them. */
  async handle(request: Request): Promise<Response> {
    switch (request.method) {
      case "POST":
        return this.#answerCreation(request);
      case "HEAD":
      case "GET":
        return this.#answerState();
      case "PATCH":
        return this.#answerAppend(request);
      case "DELETE":
        return this.#answerCancel();
      default:
        throw new AppError("METHOD_NOT_ALLOWED");
    }
  }

  /** An error with what the draft wants said of it: where the upload is, its problem types, its limits. */
  describeProblem(error: AppError, requestId: string, request: Request): Response {
    const { state } = this.#upload;
    const headers = new Headers({
      ...error.headers,
      "Content-Type": PROBLEM_CONTENT_TYPE,
      "Cache-Control": "no-store",
    });
    const open = state !== undefined && !["terminated", "expired"].includes(state.phase);
    if (open) headers.set("Upload-Complete", isComplete(state) || state.refusal !== null ? "?1" : "?0");
    if (open && state.refusal === null) {
      const known = stateHeaders(this.#upload);
      for (const name of ["Upload-Offset", "Upload-Limit"]) headers.set(name, known.get(name) ?? "");
    }
    const problem = { ...formatProblem(error, requestId), ...this.#problemMembers(error, request) };
    return new Response(JSON.stringify(problem), { status: error.status, headers });
  }

  #problemMembers(error: AppError, request: Request): Record<string, unknown> {
    if (error.code === "UPLOAD_OFFSET_MISMATCH") {
      return {
        type: `${PROBLEM_TYPES}#mismatching-upload-offset`,
        "expected-offset": this.#upload.offsetBytes,
        "provided-offset": parseIntegerField(request.headers, "Upload-Offset"),
      };
    }
    if (error.code === "UPLOAD_LENGTH_CONFLICT")
      return { type: `${PROBLEM_TYPES}#inconsistent-upload-length` };
    return {};
  }

  /** Creation: the upload exists by now, and the content is its beginning, or all of it. */
  async #answerCreation(request: Request): Promise<Response> {
    const complete = parseBooleanField(request.headers, "Upload-Complete") ?? true;
    await this.#append(request, await this.#upload.take(), 0, complete ? "with-this" : "not-yet");
    return complete ? this.#answerDone() : this.#answerCreated();
  }

  #answerCreated(): Response {
    const headers = stateHeaders(this.#upload);
    headers.set("Location", `${UPLOADS_PATH}/${this.#upload.requireState().fileId}`);
    return new Response(null, { status: 201, headers });
  }

  /** The answer to the upload as a whole: the same to the last append as to a single request, and asked for again. */
  #answerDone(): Response {
    const headers = stateHeaders(this.#upload);
    const { fileId } = this.#upload.requireState();
    headers.set("Location", `/v1/files/${fileId}`);
    headers.set("Content-Type", "application/json");
    return new Response(JSON.stringify({ id: fileId, url: `/v1/files/${fileId}` }), { status: 201, headers });
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
    const offset = parseIntegerField(request.headers, "Upload-Offset");
    const complete = parseBooleanField(request.headers, "Upload-Complete");
    if (offset === undefined) throw new AppError("UPLOAD_OFFSET_INVALID");
    if (complete === undefined) {
      throw new AppError("UPLOAD_HEADER_INVALID", { detail: "An append needs Upload-Complete." });
    }
    if (this.#upload.requireState().kind !== "file") throw new AppError("UPLOAD_FINAL");
    const hold = await this.#upload.takeAt(offset);
    await this.#append(request, hold, offset, complete ? "with-this" : "not-yet");
    if (complete) return this.#answerDone();
    return new Response(null, { status: 204, headers: stateHeaders(this.#upload) });
  }

  async #append(request: Request, hold: Hold, offset: number, completion: Completion): Promise<void> {
    const source = new BodySource(request.body);
    try {
      this.#upload.requireState();
      if (offset !== this.#upload.offsetBytes) throw new AppError("UPLOAD_OFFSET_MISMATCH");
      await this.#upload.append({ ...parseAppend(request, completion, offset), source, hold });
    } catch (error) {
      source.cut();
      throw error;
    } finally {
      hold.release();
    }
  }

  async #answerCancel(): Promise<Response> {
    const hold = await this.#upload.take();
    try {
      await this.#upload.terminate();
      return new Response(null, { status: 204 });
    } finally {
      hold.release();
    }
  }
}

/** Throws `UPLOAD_LENGTH_CONFLICT` where Upload-Length and the length of a completing body don't agree. */
function parseAppend(
  request: Request,
  completion: Completion,
  offset: number,
): Omit<AppendRequest, "source" | "hold"> {
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

export { PARTIAL_UPLOAD_TYPE };
