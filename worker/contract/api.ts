import { z } from "zod";
import { DERIVATIVE_NAMES, DerivativeName, MISSING_STATES } from "./derivatives.ts";
import { checkEntity, EntityName, EntityType } from "./entities.ts";
import { GrantSeconds } from "./entity-grants.ts";
import { Problem } from "./errors.ts";
import { FileId, type FileVersionRef, type Identity, UserId } from "./ids.ts";
import { PageImageName } from "./page-images.ts";
import { Replica } from "./replicas.ts";
import { Tags } from "./tags.ts";
import { Verdict, VERSION_STATES } from "./version-states.ts";

/** State of a file: that of its current version, or `deleted`. Only `clean` is ever served. */
export const FILE_STATES = [...VERSION_STATES, "deleted"] as const;
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
        verdict: Verdict,
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
    purgeAt: Timestamp.nullable().meta({
      description: "Until when the trash keeps it: then it is removed for good. null outside the trash",
    }),
  })
  .meta({ id: "File" });
export type FileRecord = z.infer<typeof FileRecord>;

/** A signed URL lives at most seven days (R44). */
export const MAX_SIGNED_URL_SECONDS = 7 * 24 * 3600;
export const MAX_SIGNED_URLS = 500;

export const SignedUrlItem = z
  .strictObject({
    fileId: FileId,
    variant: Variant.default("original"),
    disposition: Disposition.default("attachment"),
    expiresInSeconds: z.int().min(1).max(MAX_SIGNED_URL_SECONDS).default(3600),
  })
  .meta({ id: "SignedUrlItem" });
export type SignedUrlItem = z.infer<typeof SignedUrlItem>;

/** Body of `POST /v1/signed-urls`: one or hundreds in one call. */
export const SignedUrlRequest = z
  .strictObject({
    items: z.array(SignedUrlItem).min(1).max(MAX_SIGNED_URLS),
    partial: z.boolean().default(false).meta({
      description: "Whether what can be signed is, beside what can't: else all or none of the items are",
    }),
  })
  .meta({ id: "SignedUrlRequest" });
export type SignedUrlRequest = z.infer<typeof SignedUrlRequest>;

const SignedUrl = z.object({ fileId: FileId, ok: z.literal(true), url: z.url(), expiresAt: Timestamp });
export type SignedUrl = z.infer<typeof SignedUrl>;

/** Each item's answer, in order; those that aren't `ok` are there where `partial` was asked for. */
export const SignedUrlResponse = z
  .object({
    items: z.array(z.union([SignedUrl, z.object({ fileId: FileId, ok: z.literal(false), error: Problem })])),
  })
  .meta({ id: "SignedUrlResponse" });
export type SignedUrlResponse = z.infer<typeof SignedUrlResponse>;

/** `image/png`, or `image/*` for all of a kind; lower case, without parameters. */
const TypePattern = z.string().regex(/^[a-z0-9][a-z0-9.+-]{0,62}\/(?:\*|[a-z0-9][a-z0-9.+-]{0,126})$/);
const MAX_TYPE_PATTERNS = 20;

/** What an upload grant allows; what isn't said isn't limited beyond what holds for every upload. */
export const UploadGrantScope = z.object({
  entityType: EntityType.optional(),
  entityId: EntityName.optional().meta({ description: "With entityType" }),
  maxBytes: z.int().min(0).optional(),
  types: z.array(TypePattern).min(1).max(MAX_TYPE_PATTERNS).optional().meta({
    description: "Media types, or all of a kind as image/*",
  }),
  replaces: FileId.optional().meta({
    description: "The file that the upload is a new version of; it keeps its entity and tags",
  }),
  tags: Tags.optional().meta({
    description: "What the file is tagged with, beside what the upload declares",
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

/** Body of `POST /v1/upload-grants`. */
export const UploadGrantRequest = UploadGrantScope.extend({
  userId: UserId.optional().meta({ description: "Who will own the file; without it, the caller" }),
  expiresInSeconds: GrantSeconds,
})
  .strict()
  .superRefine(checkEntity)
  .refine(
    ({ replaces, entityType, entityId, tags }) => replaces === undefined || !(entityType ?? entityId ?? tags),
    {
      path: ["replaces"],
      message: "can't be given together with what the file has already: entityType, entityId, tags",
    },
  )
  .meta({ id: "UploadGrantRequest" });
export type UploadGrantRequest = z.infer<typeof UploadGrantRequest>;

export const UploadGrantResponse = z
  .object({
    fileId: FileId.meta({ description: "The id that the file will have, or has" }),
    version: z.int().min(1).meta({ description: "Which version of it the upload becomes" }),
    token: z.string().meta({ description: "A bearer token for one upload at /v1/uploads" }),
    expiresAt: Timestamp,
  })
  .meta({ id: "UploadGrant" });
export type UploadGrantResponse = z.infer<typeof UploadGrantResponse>;

const PartHealth = z.object({ state: z.enum(["ok", "degraded", "down"]), detail: z.string() });

/**
 * `GET /health` and `GET /ready`: `ok` when every part but `tools` and `replicaReads` is, and no database is full; a part that isn't says what that
 * means.
 */
export const Health = z
  .object({
    status: z.enum(["ok", "degraded"]),
    version: z.string(),
    parts: z.object({
      database: PartHealth,
      objects: PartHealth,
      queue: PartHealth,
      processor: PartHealth,
      scanner: PartHealth.meta({
        description:
          "degraded where it knows only test signatures: what it calls clean is not; down where it doesn't answer or its " +
          "signatures are too old: files wait",
      }),
      tools: PartHealth.meta({
        description:
          "Programs that derivatives are made by: while one is missing, status stays as it is without it",
      }),
      databaseSize: PartHealth.meta({
        description:
          "degraded while a database is nearly full, which is no part of status: it takes all writes until it is full; " +
          "down then: its tenants' files aren't taken",
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
