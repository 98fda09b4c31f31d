import { z } from "zod";
import { VersionListQuery } from "./failed-jobs.ts";
import { FileId, UserId } from "./ids.ts";

/** States in which a version is blocked: nobody is served it. */
export const BlockedState = z.enum(["infected", "unscannable"]);
export type BlockedState = z.infer<typeof BlockedState>;

/** A version that did not pass its check, a file's current one or not. */
export const BlockedVersion = z
  .object({
    fileId: FileId,
    version: z.int().min(1),
    isCurrent: z.boolean(),
    filename: z.string().meta({ description: "The file's, as it is now" }),
    originalFilename: z
      .string()
      .meta({ description: "The name that the version was uploaded by, as declared" }),
    mimeType: z.string(),
    sizeBytes: z.int().min(0).nullable(),
    sha256: z.string().nullable(),
    ownerId: UserId,
    uploadedBy: UserId.nullable(),
    entityType: z.string().nullable().meta({ description: "Of what the file is attached to" }),
    entityId: z.string().nullable(),
    state: BlockedState,
    signatureName: z.string().nullable(),
    engine: z.string().nullable(),
    signatureVersion: z.string().nullable(),
    reason: z.string().meta({ description: "Why it is blocked, for people" }),
    foundLater: z
      .boolean()
      .meta({ description: "Whether it was clean before: found when it was scanned again" }),
    blockedAt: z.iso.datetime(),
    purgeAt: z.iso.datetime().nullable().meta({ description: "When it is removed for good" }),
  })
  .meta({ id: "BlockedVersion" });
export type BlockedVersion = z.infer<typeof BlockedVersion>;

/** Query of `GET /v1/admin/quarantine`. */
export const QuarantineQuery = VersionListQuery.extend({ state: BlockedState.optional() });
export type QuarantineQuery = z.infer<typeof QuarantineQuery>;

export const QuarantinePage = z
  .object({ items: z.array(BlockedVersion), nextCursor: z.string().nullable() })
  .meta({ id: "QuarantinePage" });
export type QuarantinePage = z.infer<typeof QuarantinePage>;

/** Body of `POST /v1/admin/quarantine/{fileId}/{version}/release`. */
export const ReleaseRequest = z
  .strictObject({
    reason: z.string().trim().min(3).max(500).meta({ description: "Why it is harmless; recorded" }),
  })
  .meta({ id: "ReleaseRequest" });
export type ReleaseRequest = z.infer<typeof ReleaseRequest>;

/** The engine of verdicts by people. */
export const PERSON_ENGINE = "person";

/** How long a blocked version is kept where its tenant says nothing. */
export const QUARANTINE_DAYS = 30;
