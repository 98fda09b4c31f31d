import type { z } from "zod";
import type { UploadGrant } from "#contract/api.ts";
import { EntityName, EntityType } from "#contract/entities.ts";
import type { EntityGrantScope } from "#contract/entity-grants.ts";
import { AppError } from "#contract/errors.ts";
import type { FileCheck } from "#contract/file-checks.ts";
import { checkFile } from "#contract/file-checks.ts";
import type { FileClass } from "#contract/file-types.ts";
import { MAX_TAGS, Tags } from "#contract/tags.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import type { UploadDetails } from "../db/upload-details.ts";
import { fileRefused, requireFilename } from "./file-names.ts";
import { applyEntity, ENTITY_KEYS } from "./grants.ts";
import { applyGranted, requireGrantedFile } from "./upload-grants.ts";

/** Validation at creation (R23): before any byte is stored, with what is otherwise for the tenant. */

/** What a client declares at creation, in terms of no protocol. */
export interface UploadDeclaration {
  readonly metadata: ReadonlyMap<string, string>;
  /** Null while it isn't known. */
  readonly lengthBytes: number | null;
  /** What the caller may upload, where that is less than anything. */
  readonly grant?: UploadGrant | undefined;
  /** The only entity that it may be attached to. */
  readonly within?: Pick<EntityGrantScope, "entityType" | "entityId"> | undefined;
  /** Whether more is declared later, as by a form's fields behind its file. */
  readonly goesOn?: boolean | undefined;
}

/** What is looked at beside the declaration. */
export interface ValidationRules {
  readonly maxUploadBytes: number;
  /** What is otherwise for the caller's tenant. */
  readonly settings: TenantSettings;
}

/** Keys of Upload-Metadata that mean something; all others are kept as they are. */
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  "filename",
  "filetype",
  "entityType",
  "entityId",
  "tags",
  "replaces",
]);

/** What is declared of an upload, where all of it may be. */
export interface ValidUpload extends UploadDetails {
  readonly filename: string;
  readonly originalFilename: string;
  readonly declaredType: string;
  readonly fileClass: FileClass;
}

/**
 * Validates a declared upload. Throws `FILE_NAME_REQUIRED`, `FILE_NAME_INVALID`, `FILE_TYPE_REFUSED`, `FILE_TOO_LARGE`,
 * `UPLOAD_METADATA_INVALID` or `GRANT_SCOPE`, each naming the rule.
 */
export function validateUpload(
  { metadata: sent, lengthBytes, grant, within, goesOn = false }: UploadDeclaration,
  rules: ValidationRules,
): ValidUpload {
  const metadata = grant ? applyGranted(grant, sent) : applyEntity(within ?? {}, sent);
  if (!goesOn) requireWholeEntity(metadata);
  requireWithin(lengthBytes, rules.maxUploadBytes);
  const originalFilename = requireDeclaredName(metadata.get("filename"));
  const filename = requireFilename(originalFilename);
  const { mimeType, fileClass } = requireAccepted(
    checkFile(filename, metadata.get("filetype") ?? "", lengthBytes ?? undefined, {
      declaredName: originalFilename,
      overrides: rules.settings,
    }),
  );
  if (grant !== undefined) requireGrantedFile(grant, mimeType, lengthBytes);
  return {
    ...{ filename, originalFilename, declaredType: mimeType, fileClass },
    ...validateDetails(metadata),
  };
}

/** What is declared beside name and type. Throws `UPLOAD_METADATA_INVALID`. */
export function validateDetails(metadata: ReadonlyMap<string, string>): UploadDetails {
  return {
    entityType: parseField(EntityType, metadata, "entityType"),
    entityId: parseField(EntityName, metadata, "entityId"),
    tags: parseTags(metadata.get("tags")),
    metadata: unknownKeys(metadata),
  };
}

/** An entity is its type and its id: half of one is found by no list. Throws `UPLOAD_METADATA_INVALID`. */
export function requireWholeEntity(metadata: ReadonlyMap<string, string>): void {
  const missing = ENTITY_KEYS.filter((key) => !metadata.get(key));
  if (missing.length !== 1) return;
  throw new AppError("UPLOAD_METADATA_INVALID", {
    detail: "entityType and entityId are given together, or neither of them.",
    errors: missing.map((path) => ({ path, message: "is needed with the other" })),
  });
}

/** Throws `FILE_TOO_LARGE` for more than any upload may be. */
export function requireWithin(lengthBytes: number | null, maxUploadBytes: number): void {
  if (lengthBytes === null || lengthBytes <= maxUploadBytes) return;
  throw new AppError("FILE_TOO_LARGE", {
    detail: `An upload may be ${maxUploadBytes} bytes at most.`,
    errors: [{ path: "length", message: 'refused by the rule "size"' }],
    members: { maxSizeBytes: maxUploadBytes },
  });
}

function requireDeclaredName(declared: string | undefined): string {
  if (declared !== undefined && declared.trim() !== "") return declared;
  throw new AppError("FILE_NAME_REQUIRED", {
    detail: "The upload's name is missing or empty.",
    errors: [{ path: "filename", message: "is required" }],
  });
}

function requireAccepted(check: FileCheck): Extract<FileCheck, { accepted: true }> {
  if (check.accepted) return check;
  throw fileRefused(check);
}

/** What is empty isn't declared. */
function parseField(
  schema: z.ZodType<string>,
  metadata: ReadonlyMap<string, string>,
  key: string,
): string | undefined {
  const value = metadata.get(key) || undefined;
  const { error } = schema.optional().safeParse(value);
  if (error === undefined) return value;
  throw new AppError("UPLOAD_METADATA_INVALID", {
    errors: error.issues.map(({ message }) => ({ path: key, message })),
  });
}

function parseTags(text: string | undefined): readonly string[] {
  const told = (text ?? "").split(",").map((tag) => tag.trim());
  const { data } = Tags.safeParse([...new Set(told)].filter((tag) => tag !== ""));
  if (data !== undefined) return data;
  throw new AppError("UPLOAD_METADATA_INVALID", {
    errors: [{ path: "tags", message: `are more than ${MAX_TAGS}, or one is too long` }],
  });
}

function unknownKeys(metadata: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...metadata].filter(([key]) => !KNOWN_KEYS.has(key)));
}
