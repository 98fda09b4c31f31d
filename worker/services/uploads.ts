import type { UploadGrant } from "#contract/api.ts";
import type { Actor } from "#contract/audit.ts";
import { AppError } from "#contract/errors.ts";
import type { FileCheck, FileRule } from "#contract/file-types.ts";
import { CLASS_LIMIT_BYTES, checkFile } from "#contract/file-types.ts";
import type { FileId, FileVersionRef, Identity } from "#contract/ids.ts";
import { newFileId } from "#contract/ids.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import type { DatabaseBindings } from "../db/database.ts";

export type { DatabaseBindings };

import { databaseFor } from "../db/database.ts";
import { deleteUnfinishedFile, insertFile, markVersionStored } from "../db/files.ts";
import { applyGrantedEntity, requireGrantedFile } from "./upload-grants.ts";

/** What a client declares at creation, in terms of no protocol. */
export interface UploadDeclaration {
  readonly metadata: ReadonlyMap<string, string>;
  /** Null while it isn't known. */
  readonly lengthBytes: number | null;
  /** What the caller may upload, where that is less than anything. */
  readonly grant?: UploadGrant | undefined;
}

export interface AcceptedUpload {
  readonly fileId: FileId;
  readonly version: number;
  readonly filename: string;
  readonly declaredType: string;
  /** The most that the file may become: the limit of its class, or of all uploads. */
  readonly maxBytes: number;
}

const CODE_OF_RULE = {
  "extension-blocked": "FILE_TYPE_REFUSED",
  "type-not-allowed": "FILE_TYPE_REFUSED",
  "type-unknown": "FILE_TYPE_REFUSED",
  size: "FILE_TOO_LARGE",
} as const satisfies Record<FileRule, string>;

const FIELD_OF_RULE = {
  "extension-blocked": "filename",
  "type-not-allowed": "filetype",
  "type-unknown": "filetype",
  size: "length",
} as const satisfies Record<FileRule, string>;

/** Longest name, in bytes of UTF-8: what file systems take. */
const MAX_NAME_BYTES = 255;
const MAX_TAGS = 50;
const MAX_FIELD_LENGTH = 128;
/** Keys of Upload-Metadata that mean something; all others are kept as they are. */
const KNOWN_KEYS: ReadonlySet<string> = new Set(["filename", "filetype", "entityType", "entityId", "tags"]);

/**
 * Validates a declared upload (R23) and inserts its record, before any byte is stored. Throws `FILE_NAME_REQUIRED`,
 * `FILE_NAME_INVALID`, `FILE_TYPE_REFUSED`, `FILE_TOO_LARGE`, `UPLOAD_METADATA_INVALID` or `GRANT_SCOPE`, each naming
 * the rule, and `GRANT_USED`.
 */
export async function createUpload(
  env: DatabaseBindings,
  identity: Identity,
  declaration: UploadDeclaration,
  limits: { readonly maxUploadBytes: number; readonly actor: Actor; readonly nowMs: number },
): Promise<AcceptedUpload> {
  const { lengthBytes, grant } = declaration;
  const metadata = grant ? applyGrantedEntity(grant, declaration.metadata) : declaration.metadata;
  requireWithin(lengthBytes, limits.maxUploadBytes);
  const filename = requireFilename(metadata.get("filename"));
  const accepted = requireAccepted(
    checkFile(filename, metadata.get("filetype") ?? "", lengthBytes ?? undefined),
  );
  if (grant !== undefined) requireGrantedFile(grant, accepted.mimeType, lengthBytes);
  const fileId = grant?.fileId ?? newFileId();
  const version = 1;
  const inserted = await insertFile(databaseFor(env, identity.tenantId), {
    ref: { tenantId: identity.tenantId, fileId, version },
    ownerId: identity.userId,
    filename,
    originalFilename: metadata.get("filename") ?? filename,
    declaredType: accepted.mimeType,
    fileClass: accepted.fileClass,
    sizeBytes: lengthBytes ?? undefined,
    entityType: shortField(metadata, "entityType"),
    entityId: shortField(metadata, "entityId"),
    tags: parseTags(metadata.get("tags")),
    metadata: unknownKeys(metadata),
    actor: limits.actor,
    nowMs: limits.nowMs,
  });
  if (!inserted) throw usedError(fileId);
  const maxBytes = Math.min(
    CLASS_LIMIT_BYTES[accepted.fileClass],
    limits.maxUploadBytes,
    grant?.scope.maxBytes ?? Number.MAX_SAFE_INTEGER,
  );
  return { fileId, version, filename, declaredType: accepted.mimeType, maxBytes };
}

/** Only a grant's id is there before its upload: a random one is never taken. */
function usedError(fileId: FileId): AppError {
  return new AppError("GRANT_USED", { detail: `Its upload is ${fileId}.` });
}

/**
 * Takes a partial upload (tus 1.0, Concatenation) in: it has neither name nor type, no record, and becomes a file only
 * as a part of a final upload, which is validated as a whole. Throws `FILE_TOO_LARGE`.
 */
export function createPartialUpload(lengthBytes: number | null, maxUploadBytes: number): AcceptedUpload {
  requireWithin(lengthBytes, maxUploadBytes);
  return {
    fileId: newFileId(),
    version: 1,
    filename: "",
    declaredType: "application/octet-stream",
    maxBytes: maxUploadBytes,
  };
}

function requireWithin(lengthBytes: number | null, maxUploadBytes: number): void {
  if (lengthBytes === null || lengthBytes <= maxUploadBytes) return;
  throw new AppError("FILE_TOO_LARGE", {
    detail: `An upload may be ${maxUploadBytes} bytes at most.`,
    errors: [{ path: "length", message: 'refused by the rule "size"' }],
    members: { maxSizeBytes: maxUploadBytes },
  });
}

/** Records that an upload's bytes are stored and wait for their check. May be called again for the same upload. */
export async function recordStoredUpload(
  env: DatabaseBindings,
  job: ProcessJob,
  uploader: Omit<Actor, "tenantId">,
  nowMs: number,
): Promise<boolean> {
  const { objectKey, etag, sizeBytes, expectedDigests = null } = job;
  const object = { objectKey, etag, sizeBytes, expectedDigests };
  const actor = { ...uploader, tenantId: job.tenantId };
  return markVersionStored(databaseFor(env, job.tenantId), job, object, actor, nowMs);
}

/** Removes the record of an upload that ended without a file. */
export async function forgetUpload(env: DatabaseBindings, ref: FileVersionRef): Promise<void> {
  await deleteUnfinishedFile(databaseFor(env, ref.tenantId), ref);
}

function requireFilename(declared: string | undefined): string {
  if (declared === undefined || declared.trim() === "") {
    throw new AppError("FILE_NAME_REQUIRED", {
      detail: "The upload's name is missing or empty.",
      errors: [{ path: "filename", message: "is required" }],
    });
  }
  const name = declared.normalize("NFC").trim();
  const problem = nameProblem(name);
  if (problem === undefined) return name;
  throw new AppError("FILE_NAME_INVALID", {
    detail: `The file name ${problem}.`,
    errors: [{ path: "filename", message: problem }],
  });
}

function nameProblem(name: string): string | undefined {
  if (new TextEncoder().encode(name).byteLength > MAX_NAME_BYTES) {
    return `is longer than ${MAX_NAME_BYTES} bytes`;
  }
  if (/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(name)) {
    return "has control characters, or characters that change the direction of text";
  }
  if (/[/\\]/.test(name)) return "has a path in it";
  if (name === "." || name === "..") return "is the name of a folder";
  return undefined;
}

function requireAccepted(check: FileCheck): Extract<FileCheck, { accepted: true }> {
  if (check.accepted) return check;
  throw new AppError(CODE_OF_RULE[check.rule], {
    detail: check.detail,
    errors: [{ path: FIELD_OF_RULE[check.rule], message: `refused by the rule "${check.rule}"` }],
    ...(check.limitBytes === undefined ? {} : { members: { maxSizeBytes: check.limitBytes } }),
  });
}

function shortField(metadata: ReadonlyMap<string, string>, key: string): string | undefined {
  const value = metadata.get(key);
  if (value === undefined || value === "") return undefined;
  if (value.length <= MAX_FIELD_LENGTH) return value;
  throw new AppError("UPLOAD_METADATA_INVALID", {
    errors: [{ path: key, message: `is longer than ${MAX_FIELD_LENGTH} characters` }],
  });
}

function parseTags(text: string | undefined): readonly string[] {
  const tags = [...new Set((text ?? "").split(",").map((tag) => tag.trim()))].filter((tag) => tag !== "");
  if (tags.length <= MAX_TAGS && tags.every((tag) => tag.length <= MAX_FIELD_LENGTH)) return tags;
  throw new AppError("UPLOAD_METADATA_INVALID", {
    errors: [{ path: "tags", message: `are more than ${MAX_TAGS}, or one is too long` }],
  });
}

function unknownKeys(metadata: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...metadata].filter(([key]) => !KNOWN_KEYS.has(key)));
}
