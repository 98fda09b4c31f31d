import { z } from "zod";
import { AuditRecord } from "./audit.ts";
import { DerivativeName } from "./derivatives.ts";
import { FILE_CLASSES } from "./file-types.ts";
import { FileId } from "./ids.ts";
import { SharePermission } from "./sharing.ts";
import { TenantRecord } from "./tenant-admin.ts";
import { Verdict, VersionState } from "./version-states.ts";

const Timestamp = z.iso.datetime();
const Nullable = <T extends z.ZodType>(schema: T) => schema.nullable();

/** Why a version comes without content: only what was found clean is ever served. */
export const NO_CONTENT_REASONS = ["uploading", "quarantined", "infected", "unscannable"] as const;

const ExportedVersion = z.object({
  version: z.int(),
  state: VersionState,
  originalFilename: z.string(),
  uploadedBy: Nullable(z.string()),
  declaredType: z.string(),
  sniffedType: Nullable(z.string()),
  fileClass: z.enum(FILE_CLASSES),
  sizeBytes: Nullable(z.int()),
  sha256: Nullable(z.string()),
  properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  createdAt: Timestamp,
  storedAt: Nullable(Timestamp),
  verdicts: z.array(
    z.object({
      verdict: Verdict,
      signatureName: Nullable(z.string()),
      engine: z.string(),
      signatureVersion: z.string(),
      scannedAt: Timestamp,
      decidedBy: Nullable(z.string()).meta({ description: "Who, where a person did" }),
      reason: Nullable(z.string()),
    }),
  ),
  derivatives: z.array(
    z.object({
      name: DerivativeName,
      mimeType: z.string(),
      sizeBytes: z.int(),
      width: Nullable(z.int()),
      height: Nullable(z.int()),
      createdAt: Timestamp,
    }),
  ),
  missingDerivatives: z.array(
    z.object({
      name: DerivativeName,
      state: z.enum(["none", "failed"]),
      reason: z.string(),
      attempts: z.int(),
      at: Timestamp,
    }),
  ),
  contentPath: Nullable(z.string()).meta({ description: "Where its bytes are had; null without any" }),
  noContent: Nullable(z.enum(NO_CONTENT_REASONS)).meta({ description: "Why there are none" }),
});

const Cursor = z.string().meta({ description: "Goes on behind this line" });

const ExportedFile = z.object({
  kind: z.literal("file"),
  cursor: Cursor,
  id: FileId,
  ownerId: z.string(),
  filename: z.string(),
  currentVersion: z.int(),
  entityType: Nullable(z.string()),
  entityId: Nullable(z.string()),
  isPublic: z.boolean(),
  metadata: z.record(z.string(), z.string()),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  deletedAt: Nullable(Timestamp),
  deletedBy: Nullable(z.string()),
  purgeAt: Nullable(Timestamp),
  tags: z.array(z.string()),
  shares: z.array(
    z.object({
      userId: z.string(),
      permission: SharePermission,
      sharedBy: z.string(),
      createdAt: Timestamp,
      expiresAt: Nullable(Timestamp),
    }),
  ),
  links: z.array(
    z.object({
      id: z.string(),
      createdBy: z.string(),
      createdAt: Timestamp,
      expiresAt: Nullable(Timestamp),
      revokedAt: Nullable(Timestamp),
      hasPassword: z.boolean(),
      maxDownloads: Nullable(z.int()),
      downloads: z.int(),
    }),
  ),
  versions: z.array(ExportedVersion),
});
export type ExportedFile = z.infer<typeof ExportedFile>;

/**
 * A line of an export: the tenant, then its files by id, then its audit trail up to the export's beginning, then an end. What comes without an
 * end was cut, and goes on behind its last line's cursor.
 */
export const ExportLine = z
  .discriminatedUnion("kind", [
    TenantRecord.extend({ kind: z.literal("tenant"), cursor: Cursor }),
    ExportedFile,
    AuditRecord.extend({ kind: z.literal("audit"), cursor: Cursor }),
    z.object({ kind: z.literal("end"), cursor: Cursor }),
  ])
  .meta({ id: "ExportLine" });
export type ExportLine = z.infer<typeof ExportLine>;

/** Most lines of one answer: what one request may ask of a database is bounded. */
export const MAX_EXPORT_LINES = 10_000;

/** Query of `GET /v1/admin/tenants/{tenantId}/export`. */
export const ExportQuery = z.object({
  cursor: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_EXPORT_LINES).default(MAX_EXPORT_LINES),
});
export type ExportQuery = z.infer<typeof ExportQuery>;
