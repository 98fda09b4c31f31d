import type { Lock, Upload as TusUpload } from "@tus/server";
import { Server } from "@tus/server";
import { AppError, problemResponse } from "#contract/errors.ts";
import { parseHeaderInteger, TUS_VERSION, UPLOAD_CONTENT_TYPE, UPLOADS_PATH } from "#contract/tus.ts";
import { BodySource } from "../body-source.ts";
import type { Upload } from "../upload.ts";
import type { UploadContext } from "../upload-context.ts";
import type { Hold } from "../writer-slot.ts";
import { tusError } from "./tus-errors.ts";
import { TusStore } from "./tus-store.ts";

type WriteToStore = (
  body: ReadableStream<Uint8Array> | null,
  upload: TusUpload,
  maxBodyBytes: number,
  context: { readonly signal: AbortSignal },
) => Promise<number>;

/**
 * tus 1.0 over one `Upload`, by @tus/server. Four things of the package are replaced: its write path, which copies every
 * byte through Node streams (four times our cost); its lock, which is the upload's own takeover; its error answers,
 * which become problem documents with the protocol's statuses; and its lenient header parsing.
 */
export class TusFrontEnd {
  readonly #upload: Upload;
  readonly #server: Server;
  /** A request's hold, found by the one thing that the package hands both to its lock and to its write path. */
  readonly #holds = new WeakMap<AbortSignal, Hold>();
  readonly #errors = new WeakMap<Request, unknown>();

  constructor(upload: Upload) {
    this.#upload = upload;
    this.#server = new Server({
      path: UPLOADS_PATH,
      datastore: new TusStore(upload),
      relativeLocation: true,
      // The id is the object's own: the worker chose it, and the path was matched there.
      namingFunction: () => upload.state?.fileId ?? "",
      getFileIdFromRequest: () => upload.state?.fileId,
      locker: (request) => ({ newLock: () => this.#lock(request) }),
      onResponseError: (request, error) => {
        this.#errors.set(request, error);
        return undefined;
      },
    });
    this.#replaceWritePath();
  }

  /** Answers a tus request whose sender was verified; never throws. */
  async handle(request: Request, context: UploadContext): Promise<Response> {
    try {
      requireStrictHeaders(request);
      if (context.creation !== undefined) await this.#create(context, context.creation);
      this.#requireAccess(context);
      return await this.#answer(request);
    } catch (error) {
      return this.#problem(error, context);
    }
  }

  async #answer(request: Request): Promise<Response> {
    const answer = await this.#server.handleWeb(request);
    if (answer.status >= 400) throw tusError(this.#errors.get(request), answer.status);
    const metadata = this.#upload.state?.metadata;
    // "As specified by the Client during the creation": the package would write it anew.
    if (request.method === "HEAD" && metadata) answer.headers.set("Upload-Metadata", metadata);
    return answer;
  }

  #problem(error: unknown, { requestId, fileId, identity }: UploadContext): Response {
    if (!(error instanceof AppError) || error.status >= 500) {
      const ids = { requestId, uploadId: fileId, tenantId: identity.tenantId };
      console.error({ event: "upload-failed", ...ids, error: String(error) });
    }
    const answer = problemResponse(error, requestId);
    answer.headers.set("Tus-Resumable", TUS_VERSION);
    if (error instanceof AppError && OFFSET_ERRORS.has(error.code)) {
      answer.headers.set("Upload-Offset", String(this.#upload.offsetBytes));
    }
    return answer;
  }

  async #create(context: UploadContext, creation: NonNullable<UploadContext["creation"]>): Promise<void> {
    await this.#upload.create({
      ref: { tenantId: context.identity.tenantId, fileId: context.fileId, version: creation.version },
      ownerId: context.identity.userId,
      declaredType: creation.declaredType,
      metadata: creation.metadata,
      lengthBytes: creation.lengthBytes,
    });
  }

  /** Another user's upload is no upload; another tenant's is another object, which is empty. */
  #requireAccess({ identity }: UploadContext): void {
    const owner = this.#upload.state?.ownerId;
    const allowed = owner === identity.userId || identity.role !== "member";
    if (owner === undefined || !allowed) throw new AppError("UPLOAD_NOT_FOUND");
  }

  #lock(request: Request): Lock {
    let hold: Hold | undefined;
    return {
      lock: async (signal) => {
        const offset = request.method === "PATCH" ? request.headers.get("Upload-Offset") : null;
        hold = await (offset === null ? this.#upload.take() : this.#upload.takeAt(Number(offset)));
        this.#holds.set(signal, hold);
      },
      unlock: async () => hold?.release(),
    };
  }

  #replaceWritePath(): void {
    const writeToStore: WriteToStore = async (body, _upload, maxBodyBytes, { signal }) => {
      const hold = this.#holds.get(signal);
      if (hold === undefined) throw new Error("A write came without its lock.");
      const source = new BodySource(body);
      try {
        return await this.#upload.append({ source, bodyBytes: maxBodyBytes, hold });
      } catch (error) {
        source.cut();
        throw error;
      }
    };
    // The method is protected and the handler classes aren't exported; both handlers inherit this one signature.
    const handlers = this.#server.handlers as unknown as Record<
      "POST" | "PATCH",
      { writeToStore: WriteToStore }
    >;
    handlers.POST.writeToStore = writeToStore;
    handlers.PATCH.writeToStore = writeToStore;
  }
}

/** Errors whose answer tells where the upload is. */
const OFFSET_ERRORS: ReadonlySet<string> = new Set([
  "UPLOAD_OFFSET_MISMATCH",
  "UPLOAD_SUPERSEDED",
  "UPLOAD_BUSY",
  "STORE_UNAVAILABLE",
]);

/** The package parses integers with parseInt and asks for a content type with 403: both are checked here, before it. */
function requireStrictHeaders(request: Request): void {
  if (request.method !== "PATCH") return;
  const offset = request.headers.get("Upload-Offset") ?? "";
  if (parseHeaderInteger(offset) === undefined) throw new AppError("UPLOAD_OFFSET_INVALID");
  if (request.headers.get("Content-Type") !== UPLOAD_CONTENT_TYPE) {
    throw new AppError("UPLOAD_CONTENT_TYPE_INVALID", {
      detail: `A PATCH carries ${UPLOAD_CONTENT_TYPE}.`,
    });
  }
}
