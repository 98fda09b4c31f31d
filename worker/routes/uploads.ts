import { createMiddleware } from "hono/factory";
import { AppError, asAppError, methodError } from "#contract/errors.ts";
import { FileId } from "#contract/ids.ts";
import { parseHeaderInteger, UPLOAD_CONTENT_TYPE } from "#contract/tus.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { authenticateUpload } from "../middleware/authenticate-grants.ts";
import { effectiveMethod } from "../middleware/effective-method.ts";
import { limitCreations } from "../middleware/rate-limit.ts";
import { uploadTenant } from "../middleware/tenant.ts";
import { requireWholeFile } from "../services/entity-grants.ts";
import { requireFile } from "../services/files.ts";
import { forgetUpload } from "../services/stored-uploads.ts";
import { isWithinGrant, requireGrantedKind } from "../services/upload-grants.ts";
import type { UploadDeclaration } from "../services/upload-validation.ts";
import type { AcceptedUpload, UploadRules } from "../services/uploads.ts";
import { createPartialUpload, createUpload } from "../services/uploads.ts";
import type { IetfCreation } from "../uploads/ietf/ietf-creation.ts";
import { parseIetfCreation } from "../uploads/ietf/ietf-creation.ts";
import { describeRefusal } from "../uploads/ietf/problems.ts";
import { isForm } from "../uploads/plain/form-reader.ts";
import { bodyBytesOf, requireBodyWithin } from "../uploads/request-body.ts";
import { parseTusCreation } from "../uploads/tus/tus-headers.ts";
import { UploadClient } from "../uploads/upload-client.ts";
import type { UploadCreation } from "../uploads/upload-context.ts";
import { describeUploads } from "./describe-uploads.ts";
import { findPartials, sumOf } from "./final-uploads.ts";
import { idempotent } from "./idempotent.ts";
import { openApiRouter } from "./open-api.ts";
import type { UploadRef } from "./upload-objects.ts";
import { sendToObject } from "./upload-objects.ts";
import { protocolOf } from "./upload-protocol.ts";

/** What there is, for clients that can't send OPTIONS; `uploadHeaders` says it. Needs no token, as OPTIONS doesn't. */
const answerOptions = createMiddleware<AppEnv>(async (c, next) => {
  if (effectiveMethod(c.req.raw) === "OPTIONS") return c.body(null, 204);
  return next();
});

export interface Creation extends UploadRef {
  readonly creation: UploadCreation;
  readonly warnings: AcceptedUpload["warnings"];
  /** Whether the upload may be there already, of which this is the creation again. */
  readonly isAgain: boolean;
}

function rulesOf(c: AppContext): UploadRules {
  const { maxUploadBytes, defaultQuotaBytes } = c.get("config");
  const ofCaller = { settings: c.get("tenantSettings"), requestId: c.get("requestId") };
  return { maxUploadBytes, defaultQuotaBytes, ...ofCaller, nowMs: Date.now() };
}

/** What is to be made; or the final upload that is there already, and is asked for again. */
async function acceptTus(c: AppContext): Promise<Creation | { readonly again: UploadRef }> {
  requireBodyWithin(c.req.raw, c.get("config").maxAppendBytes);
  const { headers } = c.req.raw;
  const declared = parseTusCreation(headers);
  const hasBody = bodyBytesOf(c.req.raw) !== 0;
  if (hasBody && headers.get("Content-Type") !== UPLOAD_CONTENT_TYPE) {
    throw new AppError("UPLOAD_CONTENT_TYPE_INVALID", { detail: `A body is ${UPLOAD_CONTENT_TYPE}.` });
  }
  if (hasBody && declared.kind === "final") throw new AppError("UPLOAD_FINAL");
  requireGrantedKind(c.get("grant"), declared.kind);
  requireWholeFile(c.get("identity"), declared.kind);
  const joining = declared.kind === "final" ? await findPartials(c, declared) : undefined;
  if (joining !== undefined && "again" in joining) return joining;
  const sources = joining?.sources ?? [];
  const lengthBytes = joining === undefined ? declared.lengthBytes : sumOf(sources);
  const { metadata: named } = declared;
  const { fileId, version, warnings, isAgain, ...accepted } =
    declared.kind === "partial"
      ? await createPartialUpload(c.env, c.get("identity"), lengthBytes, rulesOf(c))
      : await createUpload(
          c.env,
          c.get("identity"),
          { metadata: named, lengthBytes, partials: sources, grant: c.get("grant") },
          rulesOf(c),
        );
  const { kind, metadataHeader: metadata, concatHeader: concat } = declared;
  const ofIetf = { reprDigests: {}, wantedDigest: null };
  const creation = { ...accepted, ...ofIetf, kind, metadata, concat, lengthBytes, sources };
  return { fileId, version, creation, warnings, isAgain };
}

/** As `acceptIetf`, with what the IETF's protocol wants said of a refusal. */
async function acceptOrDescribe(c: AppContext): Promise<Creation> {
  try {
    requireNoForm(c);
    return await acceptIetf(c, parseIetfCreation(c.req.raw));
  } catch (error) {
    throw describeRefusal(asAppError(error));
  }
}

/** A body is the file itself here. Throws `UPLOAD_CONTENT_TYPE_INVALID`. */
function requireNoForm(c: AppContext): void {
  if (!isForm(c.req.header("Content-Type") ?? null)) return;
  throw new AppError("UPLOAD_CONTENT_TYPE_INVALID", {
    detail:
      "A form is for POST /v1/files, by a session or an entity grant; here, the body is the file itself.",
  });
}

/** Takes in what an IETF creation declares; a plain upload declares the same. */
export async function acceptIetf(
  c: AppContext,
  declared: IetfCreation,
  { goesOn }: Pick<UploadDeclaration, "goesOn"> = {},
): Promise<Creation> {
  requireBodyWithin(c.req.raw, c.get("config").maxAppendBytes);
  const { metadata, lengthBytes, reprDigests, wantedDigest } = declared;
  const { fileId, version, warnings, isAgain, ...accepted } = await createUpload(
    c.env,
    c.get("identity"),
    { metadata, lengthBytes, grant: c.get("grant"), goesOn },
    rulesOf(c),
  );
  const nothingOfTus = { kind: "file", metadata: null, concat: null } as const;
  const ofTheWhole = { reprDigests, wantedDigest, lengthBytes, sources: [] };
  const creation = { ...accepted, ...nothingOfTus, ...ofTheWhole };
  return { fileId, version, creation, warnings, isAgain };
}

async function handleCreation(c: AppContext): Promise<Response> {
  const protocol = protocolOf(c.req.raw);
  const created = protocol === "tus" ? await acceptTus(c) : await acceptOrDescribe(c);
  if ("again" in created) return sendToObject(c, { ...created.again, protocol });
  const answer = await sendToObject(c, { ...created, protocol }).catch(async (error: unknown) => {
    await forgetUnlessKept(c, created).catch(() => {});
    throw error;
  });
  // Refused before it became an upload: then there is nothing that the record could be of.
  const stands = answer.ok || answer.headers.has("Location") || answer.headers.has("Upload-Offset");
  if (!stands && !created.isAgain) await forgetCreation(c, created);
  return answer.ok ? withWarnings(answer, created.warnings) : answer;
}

/**
 * What became of it isn't known. A grant's holder knows its id, and who asks for a final upload again comes to the same one:
 * those go on, or end by themselves. The record of a final one stays as long as its object needs it.
 */
async function forgetUnlessKept(c: AppContext, created: Creation): Promise<void> {
  if (c.get("grant") !== undefined) return;
  const { fileId, version, creation } = created;
  const ref = { tenantId: c.get("identity").tenantId, fileId, version };
  if (creation.kind === "final" && (await new UploadClient(c.env).needsReservation(ref))) return;
  await forgetCreation(c, created);
}

/** Takes the record of an upload back that its client doesn't know of. */
export async function forgetCreation(c: AppContext, { fileId, version }: Creation): Promise<void> {
  await forgetUpload(c.env, { tenantId: c.get("identity").tenantId, fileId, version });
}

function withWarnings(answer: Response, warnings: Creation["warnings"]): Response {
  if (warnings.length === 0) return answer;
  const warned = new Response(answer.body, answer);
  warned.headers.set("Causeway-Warning", formatWarnings(warnings));
  return warned;
}

/** The codes of what is to be said of a file that was taken; its record has them in full. */
export function formatWarnings(warnings: Creation["warnings"]): string {
  return warnings.map(({ code }) => code).join(", ");
}

async function handleUpload(c: AppContext, id: string, version: number | undefined): Promise<Response> {
  const protocol = protocolOf(c.req.raw);
  const { success, data: fileId } = FileId.safeParse(id);
  if (!success || version === undefined) throw new AppError("UPLOAD_NOT_FOUND");
  const { tenantId } = c.get("identity");
  if (!isWithinGrant(c.get("grant"), { tenantId, fileId, version })) throw new AppError("UPLOAD_NOT_FOUND");
  if (version > 1 || c.get("identity").entityGrant !== undefined) await requireStillReplacing(c, fileId);
  return sendToObject(c, { fileId, version, protocol });
}

/**
 * A version that takes another's place was begun by somebody who might replace the file then; whoever may no longer has
 * no such upload. Nor has who has an entity grant that isn't for what the upload is attached to. An upload grant stands for
 * itself. Throws `UPLOAD_NOT_FOUND`.
 */
async function requireStillReplacing(c: AppContext, fileId: FileId): Promise<void> {
  const identity = c.get("identity");
  if (identity.role !== "member" || c.get("grant") !== undefined) return;
  try {
    await requireFile(c.env, identity, fileId, "replace");
  } catch (error) {
    const { code } = asAppError(error);
    if (code !== "FILE_NOT_FOUND" && code !== "PERMISSION_REQUIRED") throw error;
    throw new AppError("UPLOAD_NOT_FOUND");
  }
}

/** The version in the path of an upload that isn't a file's first; undefined for what can't be one. */
function parseVersion(text: string): number | undefined {
  const version = parseHeaderInteger(text);
  return version === undefined || version < 2 ? undefined : version;
}

const heedKey = idempotent("createUpload", "upload");

/**
 * Of what begins without content: what brings some goes on where that got to, which no answer of before could say. Who has a
 * grant is answered by that (`Upload.wasCreatedBy`).
 */
const heedCreationKey = createMiddleware<AppEnv>(async (c, next) => {
  const isHeeded =
    effectiveMethod(c.req.raw) === "POST" && bodyBytesOf(c.req.raw) === 0 && c.get("grant") === undefined;
  return isHeeded ? heedKey(c, next) : next();
});

const COLLECTION_METHODS = ["POST"];
const UPLOAD_METHODS = ["HEAD", "GET", "PATCH", "DELETE"];

function requireMethod(c: AppContext, methods: readonly string[]): void {
  if (methods.includes(effectiveMethod(c.req.raw))) return;
  throw methodError(methods);
}

/** tus 1.0 and the IETF's resumable uploads at `/v1/uploads`: verified here, done by the upload's own object. */
export const uploads = openApiRouter();

describeUploads(uploads.openAPIRegistry);

uploads
  .use(answerOptions, authenticateUpload, uploadTenant)
  .all("/", limitCreations, heedCreationKey, (c) => {
    requireMethod(c, COLLECTION_METHODS);
    return handleCreation(c);
  })
  .all("/:id", (c) => {
    requireMethod(c, UPLOAD_METHODS);
    return handleUpload(c, c.req.param("id"), 1);
  })
  .all("/:version/:id", (c) => {
    requireMethod(c, UPLOAD_METHODS);
    return handleUpload(c, c.req.param("id"), parseVersion(c.req.param("version")));
  });
