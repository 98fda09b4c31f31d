import { AppError, asAppError, methodError } from "#contract/errors.ts";
import { TUS_VERSION, UPLOAD_CONTENT_TYPE, uploadPath } from "#contract/tus.ts";
import type { Caller } from "../../services/file-actions.ts";
import { appendBody } from "../append-body.ts";
import { appendMissing } from "../append-missing.ts";
import { bodyBytesOf } from "../request-body.ts";
import { stateHeaders } from "../state-headers.ts";
import { isComplete } from "../state/phases.ts";

import type { Upload } from "../upload.ts";
import type { AppendRequest } from "../writing/append.ts";
import type { Hold } from "../writing/writer-slot.ts";
import { parseChecksum, requireLength, requireOffset } from "./tus-headers.ts";

/** tus 1.0 (https://tus.io/protocols/resumable-upload) over one `Upload` that its sender may see. */
export class TusFrontEnd {
  readonly #upload: Upload;
  readonly #maxAppendBytes: number;

  /** @param maxAppendBytes the most that one request may carry */
  constructor(upload: Upload, maxAppendBytes: number) {
    this.#upload = upload;
    this.#maxAppendBytes = maxAppendBytes;
  }

  /** Answers a request. Throws `AppError`s. */
  async handle(request: Request, by: Caller): Promise<Response> {
    switch (request.method) {
      case "POST":
        return this.#answerCreation(request);
      case "HEAD":
        return this.#answerHead();
      case "PATCH":
        return this.#answerPatch(request);
      case "DELETE":
        return this.#answerDelete(by);
      default:
        throw methodError(["HEAD", "PATCH", "DELETE"]);
    }
  }

  /** Creation, and Creation With Upload: the upload exists by now, and the body, if there is one, is its beginning. */
  async #answerCreation(request: Request): Promise<Response> {
    const location = uploadPath(this.#upload.requireState());
    const headers = new Headers({ Location: location });
    if (request.body !== null && request.headers.get("Content-Type") === UPLOAD_CONTENT_TYPE) {
      const offset = await this.#appendFirst(request, location);
      headers.set("Upload-Offset", String(offset));
    }
    this.#setExpires(headers);
    return answer(201, headers);
  }

  /** The creation again, by whoever lost its answer: where the upload is by now, with what its body has beyond that. */
  async answerAgain(request: Request): Promise<Response> {
    const location = uploadPath(this.#upload.requireState());
    if (request.headers.get("Content-Type") === UPLOAD_CONTENT_TYPE) {
      await appendMissing(this.#upload, request.body, parseAppend(request), this.#maxAppendBytes).catch(
        (error: unknown) => {
          throw asAppError(error).withHeaders({ Location: location });
        },
      );
    }
    const headers = new Headers({ Location: location, "Upload-Offset": String(this.#upload.offsetBytes) });
    this.#setExpires(headers);
    return answer(201, headers);
  }

  async #appendFirst(request: Request, location: string): Promise<number> {
    const hold = await this.#upload.take();
    try {
      return await this.#append(request, parseAppend(request), hold, 0).catch((error: unknown) =>
        this.#discardAfter(error, hold),
      );
    } catch (error) {
      const known = asAppError(error);
      throw canGoOn(known) ? known.withHeaders({ Location: location }) : known;
    } finally {
      hold.release();
    }
  }

  /** Wrong bytes leave nothing behind, as long as nobody else has the upload. Throws `error`. */
  async #discardAfter(error: unknown, hold: Hold): Promise<never> {
    const isOpen = this.#upload.state?.phase === "receiving";
    if (isOpen && !canGoOn(asAppError(error))) await this.#upload.removal.terminate(hold);
    throw error;
  }

  async #answerHead(): Promise<Response> {
    const hold = await this.#upload.take();
    try {
      const state = this.#upload.requireState();
      const headers = stateHeaders(this.#upload);
      if (state.lengthBytes === null) headers.set("Upload-Defer-Length", "1");
      if (state.metadata !== null) headers.set("Upload-Metadata", state.metadata);
      if (state.concat !== null) headers.set("Upload-Concat", state.concat);
      this.#setExpires(headers);
      return answer(200, headers);
    } finally {
      hold.release();
    }
  }

  async #answerPatch(request: Request): Promise<Response> {
    // tus 1.0, Concatenation: "The Server MUST respond with the 403 Forbidden status to PATCH requests against a final".
    if (this.#upload.requireState().kind === "final") throw new AppError("UPLOAD_FINAL");
    if (request.headers.get("Content-Type") !== UPLOAD_CONTENT_TYPE) {
      throw new AppError("UPLOAD_CONTENT_TYPE_INVALID", {
        detail: `A PATCH carries ${UPLOAD_CONTENT_TYPE}.`,
      });
    }
    const offset = requireOffset(request.headers.get("Upload-Offset"));
    // A request that can't succeed takes no upload over.
    const parsed = parseAppend(request);
    const hold = await this.#upload.takeAt(offset);
    try {
      const reached = await this.#append(request, parsed, hold, offset);
      const headers = new Headers({ "Upload-Offset": String(reached) });
      this.#setExpires(headers);
      return answer(204, headers);
    } finally {
      hold.release();
    }
  }

  #append(request: Request, parsed: ParsedAppend, hold: Hold, offsetBytes: number): Promise<number> {
    const isCreation = request.method === "POST";
    const limits = { offsetBytes, maxAppendBytes: this.#maxAppendBytes, isCreation };
    return appendBody(this.#upload, request.body, { ...parsed, hold }, limits);
  }

  async #answerDelete(by: Caller): Promise<Response> {
    const hold = await this.#upload.take();
    try {
      await this.#upload.removal.delete(by, hold);
      return answer(204, new Headers());
    } finally {
      hold.release();
    }
  }

  /** tus 1.0, Expiration: on every answer to an upload that may expire, in IMF-fixdate. */
  #setExpires(headers: Headers): void {
    const state = this.#upload.requireState();
    if (isComplete(state)) return;
    headers.set("Upload-Expires", new Date(state.expiresAtMs).toUTCString());
  }
}

/** What was taken over, or failed on our side, can be resumed where it has got to. */
function canGoOn({ code, status }: AppError): boolean {
  return status >= 500 || code === "UPLOAD_SUPERSEDED";
}

type ParsedAppend = Omit<AppendRequest, "source" | "hold">;

function parseAppend(request: Request): ParsedAppend {
  const length = request.method === "PATCH" ? request.headers.get("Upload-Length") : null;
  return {
    bodyBytes: bodyBytesOf(request),
    completion: "at-length",
    digests: parseChecksum(request.headers.get("Upload-Checksum")),
    ...(length === null ? {} : { lengthBytes: requireLength(length) }),
  };
}

function answer(status: number, headers: Headers): Response {
  headers.set("Tus-Resumable", TUS_VERSION);
  return new Response(null, { status, headers });
}
