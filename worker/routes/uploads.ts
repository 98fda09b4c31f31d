import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { AppError } from "#contract/errors.ts";
import { FileId } from "#contract/ids.ts";
import { parseHeaderInteger, parseUploadMetadata, TUS_VERSION } from "#contract/tus.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { authenticate } from "../middleware/authenticate.ts";
import type { UploadDeclaration } from "../services/uploads.ts";
import { createUpload, forgetUpload } from "../services/uploads.ts";
import type { UploadContext } from "../uploads/upload-context.ts";
import { uploadObjectName, withUploadContext } from "../uploads/upload-context.ts";

/** tus 1.0: a request in another version, or in none, is not processed. */
const requireTusVersion = createMiddleware<AppEnv>(async (c, next) => {
  if (c.req.header("Tus-Resumable") !== TUS_VERSION) throw new AppError("TUS_VERSION_UNSUPPORTED");
  await next();
});

/** Lets go of a body that was refused unread: left alone, it stalls the connection's next request. */
const releaseBody = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  const { body } = c.req.raw;
  if (body !== null && !body.locked && !c.req.raw.bodyUsed) await body.cancel();
});

function parseLength(c: AppContext): number {
  const header = c.req.header("Upload-Length") ?? "";
  const lengthBytes = parseHeaderInteger(header);
  if (lengthBytes === undefined) throw new AppError("UPLOAD_LENGTH_INVALID");
  const { maxUploadBytes } = c.get("config");
  if (lengthBytes <= maxUploadBytes) return lengthBytes;
  throw new AppError("FILE_TOO_LARGE", {
    detail: `An upload may be ${maxUploadBytes} bytes at most.`,
    errors: [{ path: "length", message: 'refused by the rule "size"' }],
  });
}

function parseDeclaration(c: AppContext): UploadDeclaration {
  for (const header of ["Upload-Concat", "Upload-Defer-Length"]) {
    if (c.req.header(header) !== undefined) {
      throw new AppError("UPLOAD_HEADER_INVALID", { detail: `${header} is not supported.` });
    }
  }
  return {
    lengthBytes: parseLength(c),
    metadata: parseUploadMetadata(c.req.header("Upload-Metadata") ?? ""),
  };
}

function sendToObject(c: AppContext, target: Omit<UploadContext, "requestId">): Promise<Response> {
  const context = { ...target, requestId: c.get("requestId") };
  const name = uploadObjectName(context.identity, context.fileId);
  const stub = c.env.UPLOADS.get(c.env.UPLOADS.idFromName(name));
  return stub.fetch(withUploadContext(c.req.raw, context));
}

async function handleCreation(c: AppContext): Promise<Response> {
  const identity = c.get("identity");
  const declaration = parseDeclaration(c);
  const accepted = await createUpload(c.env, identity, declaration, Date.now());
  const { fileId, version, declaredType } = accepted;
  const metadata = c.req.header("Upload-Metadata") ?? null;
  const creation = { version, declaredType, metadata, lengthBytes: declaration.lengthBytes };
  const answer = await sendToObject(c, { identity, fileId, creation });
  // Refused by the object before it became one: then there is no upload that the record could be of.
  if (!answer.ok && !answer.headers.has("Upload-Offset")) {
    await forgetUpload(c.env, { tenantId: identity.tenantId, fileId, version });
  }
  return answer;
}

async function handleUpload(c: AppContext): Promise<Response> {
  const parsed = FileId.safeParse(c.req.param("id"));
  if (!parsed.success) throw new AppError("UPLOAD_NOT_FOUND");
  return sendToObject(c, { identity: c.get("identity"), fileId: parsed.data });
}

function refuseMethod(): never {
  throw new AppError("METHOD_NOT_ALLOWED", { headers: { Allow: "OPTIONS, POST, HEAD, PATCH, DELETE" } });
}

/** tus 1.0 at `/v1/uploads`: verified here, done by the upload's own object. */
export const uploads = new Hono<AppEnv>()
  .use(releaseBody)
  .use(authenticate, requireTusVersion)
  .post("/", handleCreation)
  // Hono hands HEAD to the GET handler; GET itself is no method of tus.
  .get("/:id", (c) => (c.req.raw.method === "HEAD" ? handleUpload(c) : refuseMethod()))
  .on(["PATCH", "DELETE"], "/:id", handleUpload)
  .all("*", refuseMethod);
