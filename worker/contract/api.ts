import { z } from "zod";
import { DERIVATIVE_NAMES, DerivativeName, MISSING_STATES } from "./derivatives.ts";
import { EntityType } from "./entities.ts";
import type { FileVersionRef, Identity, TenantId } from "./ids.ts";
import { FileId, UserId } from "./ids.ts";
import { PageImageName } from "./page-images.ts";
import { Replica } from "./replicas.ts";

/** State of a file: that of its current version, or `deleted`. Only `clean` is ever served. */
export const FILE_STATES = [
  "uploading",
  "quarantined",
  "clean",
  "infected",
  "unscannable",
  "deleted",
] as const;
export const FileState = z.enum(FILE_STATES);
export type FileState = z.infer<typeof FileState>;

/** What of a file is asked for: its bytes as uploaded, a derivative, or a page of it as an image. */
export const Variant = z.union([z.enum(["original", ...DERIVATIVE_NAMES]), PageImageName]).meta({
  description:
    "The bytes as uploaded, what was made of them, or a page of a PDF or an Office document as an image: " +
    "page-{page}-{width}, with a page from 1 to 500 and a width of 400 or 1200 pixels",
});
export type Variant = z.infer<typeof Variant>;

export const Disposition = z.enum(["attachment", "inline"]);
export type Disposition = z.infer<typeof Disposition>;

const Timestamp = z.iso.datetime().meta({ description: "RFC 3339, UTC" });

export const Derivative = z
  .object({
    name: DerivativeName,
    mimeType: z.string(),
    sizeBytes: z.int().min(0),
    width: z.int().nullable(),
    height: z.int().nullable(),
  })
  .meta({ id: "Derivative" });
export type Derivative = z.infer<typeof Derivative>;

export const MissingDerivative = z
  .object({
    name: DerivativeName,
    state: z.enum(MISSING_STATES).meta({
      description:
        "making until it is there; none where there is nothing to make it of; failed can be tried again",
    }),
    reason: z.string().nullable().meta({ description: "A sentence for people; null while it is being made" }),
  })
  .meta({ id: "MissingDerivative" });
export type MissingDerivative = z.infer<typeof MissingDerivative>;

/** Body of `POST /v1/files/{id}/derivatives`. */
export const DerivativesRequest = z
  .strictObject({
    names: z.array(DerivativeName).min(1).max(DERIVATIVE_NAMES.length).optional().meta({
      description: "Which of those that failed; all of them where it isn't said",
    }),
  })
  .meta({ id: "DerivativesRequest" });
export type DerivativesRequest = z.infer<typeof DerivativesRequest>;

/** What is said of a file that was taken all the same. */
export const FileWarning = z
  .object({ code: z.enum(["LARGE_FILE"]), detail: z.string() })
  .meta({ id: "FileWarning" });
export type FileWarning = z.infer<typeof FileWarning>;

export const FileRecord = z
  .object({
    id: FileId,
    filename: z.string(),
    originalFilename: z.string().meta({ description: "As it was declared; filename is made of it" }),
    mimeType: z.string(),
    sizeBytes: z.int().min(0).nullable().meta({ description: "null until the length is known" }),
    sha256: z.string().nullable().meta({ description: "hex; null until the file was checked" }),
    state: FileState,
    verdict: z
      .object({
        verdict: z.enum(["clean", "infected", "unscannable"]),
        signatureName: z.string().nullable(),
        engine: z.string(),
        signatureVersion: z.string(),
        scannedAt: Timestamp,
        reason: z
          .string()
          .nullable()
          .meta({ description: "Why it is blocked, for people; null where it isn't" }),
        foundLater: z
          .boolean()
          .meta({ description: "Whether it was clean before: found when it was scanned again" }),
      })
      .nullable(),
    processingError: z.string().nullable().meta({
      description: "Why its check doesn't get on, while somebody has to look at it; for people",
    }),
    version: z.int().min(1),
    derivatives: z.array(Derivative),
    missingDerivatives: z.array(MissingDerivative).meta({
      description: "What is made of files of this type and isn't there, of a clean version",
    }),
    replicas: z.array(Replica),
    properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
    warnings: z.array(FileWarning),
    tags: z.array(z.string()),
    entityType: z.string().nullable(),
    entityId: z.string().nullable(),
    ownerId: z.string(),
    isPublic: z.boolean(),
    publicUrl: z.url().nullable().meta({
      description:
        "By which anybody may read it while it is public and its tenant's settings allow public files",
    }),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    deletedAt: Timestamp.nullable().meta({ description: "Since when it is in the trash" }),
  })
  .meta({ id: "File" });
export type FileRecord = z.infer<typeof FileRecord>;

/** A signed URL lives at most seven days (R44). */
export const MAX_SIGNED_URL_SECONDS = 7 * 24 * 3600;
export const MAX_SIGNED_URLS = 500;

export const SignedUrlItem = z
  .object({
    fileId: FileId,
    variant: Variant.default("original"),
    disposition: Disposition.default("attachment"),
    expiresInSeconds: z.int().min(1).max(MAX_SIGNED_URL_SECONDS).default(3600),
  })
  .meta({ id: "SignedUrlItem" });
export type SignedUrlItem = z.infer<typeof SignedUrlItem>;

/** Body of `POST /v1/signed-urls`: one or hundreds in one call. */
export const SignedUrlRequest = z
  .object({ items: z.array(SignedUrlItem).min(1).max(MAX_SIGNED_URLS) })
  .meta({ id: "SignedUrlRequest" });
export type SignedUrlRequest = z.infer<typeof SignedUrlRequest>;

export const SignedUrlResponse = z
  .object({
    items: z.array(z.object({ fileId: FileId, url: z.url(), expiresAt: Timestamp })),
  })
  .meta({ id: "SignedUrlResponse" });
export type SignedUrlResponse = z.infer<typeof SignedUrlResponse>;

/** Longest id of an entity, as an upload may declare it. */
const MAX_ENTITY_LENGTH = 128;
const EntityName = z.string().min(1).max(MAX_ENTITY_LENGTH);

/** `image/png`, or `image/*` for all of a kind; lower case, without parameters. */
const TypePattern = z.string().regex(/^[a-z0-9][a-z0-9.+-]{0,62}\/(?:\*|[a-z0-9][a-z0-9.+-]{0,126})$/);
const MAX_TYPE_PATTERNS = 20;

/** What an upload grant allows; what isn't said isn't limited beyond what holds for every upload. */
export const UploadGrantScope = z.object({
  entityType: EntityType.optional(),
  entityId: EntityName.optional(),
  maxBytes: z.int().min(0).optional(),
  types: z.array(TypePattern).min(1).max(MAX_TYPE_PATTERNS).optional().meta({
    description: "Media types, or all of a kind as image/*",
  }),
});
export type UploadGrantScope = z.infer<typeof UploadGrantScope>;

/** A grant whose token was verified, or is about to be made: one upload, by this member. */
export interface UploadGrant {
  readonly identity: Identity;
  /** What the upload becomes: the one version of the one file that the grant reaches. */
  readonly ref: FileVersionRef;
  readonly scope: UploadGrantScope;
  readonly expiresAtMs: number;
}

/** What a grant of this file is for: its beginning. A later version is an upload of its own, which takes a session. */
export function grantedVersion(tenantId: TenantId, fileId: FileId): FileVersionRef {
  return { tenantId, fileId, version: 1 };
}

/** An upload grant lives an hour at most (R10). */
export const MAX_UPLOAD_GRANT_SECONDS = 3600;

/** Body of `POST /v1/upload-grants`. */
export const UploadGrantRequest = UploadGrantScope.extend({
  userId: UserId.optional().meta({ description: "Who will own the file; without it, the caller" }),
  expiresInSeconds: z.int().min(1).max(MAX_UPLOAD_GRANT_SECONDS).default(900),
})
  .strict()
  .meta({ id: "UploadGrantRequest" });
export type UploadGrantRequest = z.infer<typeof UploadGrantRequest>;

export const UploadGrantResponse = z
  .object({
    fileId: FileId.meta({ description: "The id that the file will have" }),
    token: z.string().meta({ description: "A bearer token for one upload at /v1/uploads" }),
    expiresAt: Timestamp,
  })
  .meta({ id: "UploadGrant" });
export type UploadGrantResponse = z.infer<typeof UploadGrantResponse>;

const PartHealth = z.object({ state: z.enum(["ok", "down"]), detail: z.string() });

/** `GET /health`: `ok` when every part but `tools` and `replicaReads` is; a part that is down says what that means. */
export const Health = z
  .object({
    status: z.enum(["ok", "degraded"]),
    version: z.string(),
    parts: z.object({
      database: PartHealth,
      objects: PartHealth,
      queue: PartHealth,
      processor: PartHealth,
      scanner: PartHealth,
      tools: PartHealth.meta({
        description:
          "Programs that derivatives are made by: while one is missing, status stays as it is without it",
      }),
      databaseSize: PartHealth.meta({
        description:
          "Down while a database is nearly full; no part of status, for it takes all writes until it is",
      }),
      replicaReads: z.object({ state: z.enum(["ok", "down", "off"]), detail: z.string() }).meta({
        description:
          "Where files are read from while the object store can't give them: off where nothing is configured, and no " +
          "part of status, for nothing is amiss as long as the object store is well",
      }),
    }),
  })
  .meta({ id: "Health" });
export type Health = z.infer<typeof Health>;
