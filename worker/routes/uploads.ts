import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { AppError } from "#contract/errors.ts";
import { FileId } from "#contract/ids.ts";
import { TUS_VERSION, UPLOAD_CONTENT_TYPE } from "#contract/tus.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { actorOf } from "../middleware/actor.ts";
import { effectiveMethod } from "../middleware/effective-method.ts";
import { releaseBody } from "../middleware/release-body.ts";
import { authenticateUpload } from "../middleware/upload-grant.ts";
import { requireGrantedKind } from "../services/upload-grants.ts";
import { createPartialUpload, createUpload, forgetUpload } from "../services/uploads.ts";
import type { IetfCreation } from "../uploads/ietf/ietf-creation.ts";
import { parseIetfCreation } from "../uploads/ietf/ietf-creation.ts";
import { describeRefusal } from "../uploads/ietf/problems.ts";
import { bodyBytesOf, requireBodyWithin } from "../uploads/request-body.ts";
import type { TusCreation } from "../uploads/tus/tus-headers.ts";
import { MAX_PARTIALS, parseTusCreation } from "../uploads/tus/tus-headers.ts";
import type { UploadContext, UploadCreation } from "../uploads/upload-context.ts";
import { uploadObjectName, withUploadContext } from "../uploads/upload-context.ts";
import type { PartialSource } from "../uploads/upload-state.ts";

type Protocol = UploadContext["protocol"];

/** What there is, for clients that can't send OPTIONS; `uploadHeaders` says it. Needs no token, as OPTIONS doesn't. */
const answerOptions = createMiddleware<AppEnv>(async (c, next) => {
  if (effectiveMethod(c.req.raw) === "OPTIONS") return c.body(null, 204);
  return next();
});

/** Fields that only a tus client sends: with them, a missing `Tus-Resumable` is a fault and not another protocol. */
const TUS_FIELDS = ["Upload-Metadata", "Upload-Defer-Length", "Upload-Concat", "Upload-Checksum"] as const;

/**
 * Which protocol a request speaks. `Tus-Resumable` says tus; so do tus's own fields and its media type. All else is the
 * IETF's, whose plainest form is a request with nothing but a body; HEAD, GET and DELETE are the same in both.
 * Throws `TUS_VERSION_UNSUPPORTED`: such a request is not processed.
 */
function protocolOf(request: Request): Protocol {
  const { headers } = request;
  const version = headers.get("Tus-Resumable");
  if (version === TUS_VERSION) return "tus";
  const onlyLength =
    headers.has("Upload-Length") && !headers.has("Upload-Complete") && headers.get("Content-Type") === null;
  const speaksTus =
    version !== null ||
    TUS_FIELDS.some((name) => headers.has(name)) ||
    headers.get("Content-Type") === UPLOAD_CONTENT_TYPE ||
    onlyLength;
  if (speaksTus) throw new AppError("TUS_VERSION_UNSUPPORTED");
  return "ietf";
}

function objectOf(c: AppContext, fileId: FileId) {
  const name = uploadObjectName(c.get("identity"), fileId);
  return c.env.UPLOADS.get(c.env.UPLOADS.idFromName(name));
}

type Target = Pick<UploadContext, "fileId" | "protocol" | "creation"> &
  Partial<Pick<UploadContext, "idleMs">>;

/** Hands a request to the object of the upload that it is about: the caller's own, or another in its name. */
export function sendToObject(c: AppContext, target: Target, request = c.req.raw): Promise<Response> {
  const { maxAppendBytes, uploadIdleMs: idleMs } = c.get("config");
  const caller = { identity: c.get("identity"), requestId: c.get("requestId"), actorKind: actorOf(c).kind };
  const context = { idleMs, ...target, ...caller, maxAppendBytes };
  return objectOf(c, target.fileId).fetch(withUploadContext(request, effectiveMethod(request), context));
}

export interface Creation {
  readonly fileId: FileId;
  readonly creation: UploadCreation;
}

function limitsOf(c: AppContext) {
  return { maxUploadBytes: c.get("config").maxUploadBytes, actor: actorOf(c), nowMs: Date.now() };
}

async function acceptTus(c: AppContext): Promise<Creation> {
  requireBodyWithin(c.req.raw, c.get("config").maxAppendBytes);
  const { headers } = c.req.raw;
  const declared = parseTusCreation(headers);
  const hasBody = bodyBytesOf(c.req.raw) !== 0;
  if (hasBody && headers.get("Content-Type") !== UPLOAD_CONTENT_TYPE) {
    throw new AppError("UPLOAD_CONTENT_TYPE_INVALID", { detail: `A body is ${UPLOAD_CONTENT_TYPE}.` });
  }
  if (hasBody && declared.kind === "final") throw new AppError("UPLOAD_FINAL");
  requireGrantedKind(c.get("grant"), declared.kind);
  const sources = declared.kind === "final" ? await findPartials(c, declared) : [];
  const lengthBytes = declared.kind === "final" ? sumOf(sources) : declared.lengthBytes;
  const limits = limitsOf(c);
  const { fileId, ...accepted } =
    declared.kind === "partial"
      ? createPartialUpload(lengthBytes, limits.maxUploadBytes)
      : await createUpload(
          c.env,
          c.get("identity"),
          { metadata: declared.metadata, lengthBytes, grant: c.get("grant") },
          limits,
        );
  const { kind, metadataHeader: metadata, concatHeader: concat } = declared;
  const ofIetf = { reprDigests: {}, wantedDigest: null };
  return { fileId, creation: { ...accepted, ...ofIetf, kind, metadata, concat, lengthBytes, sources } };
}

function sumOf(sources: readonly PartialSource[]): number {
  return sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** The partials of a final upload. An unknown one, an unfinished one and somebody else's are refused alike. */
async function findPartials(c: AppContext, { partialIds }: TusCreation): Promise<PartialSource[]> {
  if (partialIds.length > MAX_PARTIALS) {
    throw new AppError("UPLOAD_CONCAT_INVALID", {
      detail: `A final upload has ${MAX_PARTIALS} partials at most.`,
    });
  }
  const identity = c.get("identity");
  const found = await Promise.all(partialIds.map((id) => objectOf(c, id).describePartial(identity)));
  return found.map((source) => {
    if (source !== undefined) return source;
    throw new AppError("UPLOAD_CONCAT_INVALID", {
      detail: "A partial upload isn't there or isn't complete.",
    });
  });
}

/** As `acceptIetf`, with what the IETF's protocol wants said of a refusal. */
async function acceptOrDescribe(c: AppContext): Promise<Creation> {
  try {
    return await acceptIetf(c, parseIetfCreation(c.req.raw));
  } catch (error) {
    throw error instanceof AppError ? describeRefusal(error) : error;
  }
}

/** Takes in what an IETF creation declares; a plain upload declares the same. */
export async function acceptIetf(c: AppContext, declared: IetfCreation): Promise<Creation> {
  requireBodyWithin(c.req.raw, c.get("config").maxAppendBytes);
  const { metadata, lengthBytes, reprDigests, wantedDigest, codedType } = declared;
  const { fileId, ...accepted } = await createUpload(
    c.env,
    c.get("identity"),
    { metadata, lengthBytes, grant: c.get("grant") },
    limitsOf(c),
  );
  const nothingOfTus = { kind: "file", metadata: null, concat: null } as const;
  const declaredType = codedType ?? accepted.declaredType;
  const ofTheWhole = { declaredType, reprDigests, wantedDigest, lengthBytes, sources: [] };
  return { fileId, creation: { ...accepted, ...nothingOfTus, ...ofTheWhole } };
}

async function handleCreation(c: AppContext): Promise<Response> {
  const protocol = protocolOf(c.req.raw);
  const created = protocol === "tus" ? await acceptTus(c) : await acceptOrDescribe(c);
  const answer = await sendToObject(c, { ...created, protocol }).catch(async (error: unknown) => {
    // What became of it isn't known, and a grant's holder knows its id: that one's goes on, or expires.
    if (c.get("grant") === undefined) await forgetCreation(c, created);
    throw error;
  });
  // Refused before it became an upload: then there is nothing that the record could be of.
  const stands = answer.ok || answer.headers.has("Location") || answer.headers.has("Upload-Offset");
  if (!stands) await forgetCreation(c, created);
  return answer;
}

/** Takes the record of an upload back that its client doesn't know of. */
async function forgetCreation(c: AppContext, { fileId, creation }: Creation): Promise<void> {
  if (creation.kind === "partial") return;
  await forgetUpload(c.env, { tenantId: c.get("identity").tenantId, fileId, version: creation.version });
}

async function handleUpload(c: AppContext, id: string): Promise<Response> {
  const protocol = protocolOf(c.req.raw);
  const parsed = FileId.safeParse(id);
  if (!parsed.success || parsed.data !== (c.get("grant")?.fileId ?? parsed.data)) {
    throw new AppError("UPLOAD_NOT_FOUND");
  }
  return sendToObject(c, { fileId: parsed.data, protocol });
}

const COLLECTION_METHODS = ["POST"];
const UPLOAD_METHODS = ["HEAD", "GET", "PATCH", "DELETE"];

function requireMethod(c: AppContext, methods: readonly string[]): void {
  if (methods.includes(effectiveMethod(c.req.raw))) return;
  throw new AppError("METHOD_NOT_ALLOWED", { headers: { Allow: ["OPTIONS", ...methods].join(", ") } });
}

/** tus 1.0 and the IETF's resumable uploads at `/v1/uploads`: verified here, done by the upload's own object. */
export const uploads = new Hono<AppEnv>()
  .use(releaseBody, answerOptions, authenticateUpload)
  .all("/", (c) => {
    requireMethod(c, COLLECTION_METHODS);
    return handleCreation(c);
  })
  .all("/:id", (c) => {
    requireMethod(c, UPLOAD_METHODS);
    return handleUpload(c, c.req.param("id"));
  });
