import { z } from "zod";
import { FileId, FileVersionRef } from "./ids.ts";
import { JURISDICTIONS } from "./jurisdictions.ts";

/** Copies of clean versions at replica targets: what records, reports and administrators say of them. */

/** A target as the processor's configuration names it. */
export const TargetName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/);
export type TargetName = z.infer<typeof TargetName>;

/** Of one processor, and of one tenant's choice. */
export const MAX_TARGETS = 20;

export const TARGET_KINDS = ["s3", "azure", "gcs", "directory"] as const;

/** A target that a processor has, as its heartbeat tells. */
export const ConfiguredTarget = z.object({
  name: TargetName,
  kind: z.enum(TARGET_KINDS),
  /** Where its processor is, and it has to be too: only tenants of that very jurisdiction are copied there. */
  jurisdiction: z.enum(JURISDICTIONS).optional(),
});
export type ConfiguredTarget = Readonly<z.infer<typeof ConfiguredTarget>>;

/**
 * `pending` until the target has said by a checksum that it has these bytes, also while it is tried again; `failed` where
 * only somebody who changes something can help, or many tries came to nothing: it is tried still, at longer intervals.
 */
export const REPLICA_STATES = ["pending", "stored", "failed"] as const;
export const ReplicaState = z.enum(REPLICA_STATES);
export type ReplicaState = z.infer<typeof ReplicaState>;

const Timestamp = z.iso.datetime();
const Sentence = z.string().min(1).max(300);

export const Replica = z
  .object({
    target: z.string(),
    state: ReplicaState,
    since: Timestamp.meta({ description: "When the copy was first wanted" }),
    storedAt: Timestamp.nullable(),
    tries: z.int().meta({ description: "That came to nothing" }),
    error: z.string().nullable().meta({ description: "Of the last of them; a sentence for people" }),
    nextTryAt: Timestamp.nullable().meta({ description: "Not before this; null of what is stored" }),
  })
  .meta({ id: "Replica" });
export type Replica = z.infer<typeof Replica>;

const Fault = z.object({ code: z.string().min(1).max(40), detail: Sentence });
const LeaseId = z.uuid();
const Targets = z.array(TargetName).max(MAX_TARGETS);

/** A processor is about to copy a version: the answer says to which of its targets, and leases these to it. */
export const CopiesStartReport = FileVersionRef.extend({
  kind: z.literal("copies-start"),
  etag: z.string().min(1),
  sizeBytes: z.int().min(0),
  leaseId: LeaseId,
  targets: Targets,
});
export type CopiesStartReport = z.infer<typeof CopiesStartReport>;

/** What of a version is copied: its own bytes, or what was made of it. */
export const CopiedPart = z.enum(["original", "derivatives"]);
export type CopiedPart = z.infer<typeof CopiedPart>;

const ObjectToCopy = z.object({
  objectKey: z.string().min(1),
  /** Of the primary's object; null of a derivative, which is written once or the same again. */
  etag: z.string().min(1).nullable(),
  /** Null where it isn't known before it is read. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  contentType: z.string().min(1),
  disposition: z.string().min(1).nullable(),
});
export type ObjectToCopy = Readonly<z.infer<typeof ObjectToCopy>>;

/** What is to be copied where. Nothing, where no target is told. */
export const CopyTask = z.object({
  targets: Targets,
  part: CopiedPart,
  objects: z.array(ObjectToCopy).max(50),
  /** What was made of the version until then is among the objects, where these are derivatives. */
  asOfMs: z.int(),
});
export type CopyTask = z.infer<typeof CopyTask>;

/** How a copy at one target ended; `released`: it was broken off through no fault of the target's. */
export const CopyReport = FileVersionRef.extend({
  kind: z.literal("copy"),
  leaseId: LeaseId,
  target: TargetName,
  part: CopiedPart,
  /** Of the version: what has landed too late is removed. */
  objectKey: z.string().min(1),
  outcome: z.discriminatedUnion("state", [
    /** Of all of the task's objects, each by its checksum. */
    z.object({ state: z.literal("stored"), asOfMs: z.int() }),
    z.object({ state: z.literal("released") }),
    /** @param isPermanent whether only somebody who changes something can help */
    Fault.extend({ state: z.literal("failed"), isPermanent: z.boolean() }),
  ]),
});
export type CopyReport = z.infer<typeof CopyReport>;

/** What a reader may find of a copy: other bytes than those whose SHA-256 is recorded, or nothing. */
export const CopyFault = z.enum(["mismatch", "missing"]);
export type CopyFault = z.infer<typeof CopyFault>;

/** Whoever read a copy has seen that it is none: it is to be made again. */
export const CopyMismatchReport = FileVersionRef.extend({
  kind: z.literal("copy-mismatch"),
  target: TargetName,
  objectKey: z.string().min(1),
  /** Of the record, which it was compared with. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  fault: CopyFault.default("mismatch"),
});
export type CopyMismatchReport = z.infer<typeof CopyMismatchReport>;

/** A processor is about to remove what is dead: the answer says what, and leases it. */
export const RemovalsStartReport = z.object({
  kind: z.literal("removals-start"),
  leaseId: LeaseId,
  targets: Targets,
});
export type RemovalsStartReport = z.infer<typeof RemovalsStartReport>;

/** Most removals that are leased at once. */
export const MAX_REMOVALS = 100;

/** A version whose copy at a target is to be removed. */
const CopyRef = FileVersionRef.extend({ target: TargetName });
export type CopyRef = z.infer<typeof CopyRef>;

export const RemovalTask = z.object({
  /** The key that its bytes were sent under: other objects of it are found by what that begins with (keys.ts). */
  removals: z.array(CopyRef.extend({ objectKey: z.string().min(1) })).max(MAX_REMOVALS),
});
export type RemovalTask = z.infer<typeof RemovalTask>;

export const RemovalsReport = z.object({
  kind: z.literal("removals"),
  leaseId: LeaseId,
  removed: z.array(CopyRef).max(MAX_REMOVALS),
  failed: z.array(CopyRef.extend(Fault.shape)).max(MAX_REMOVALS),
});
export type RemovalsReport = z.infer<typeof RemovalsReport>;

/** How far a target is behind, over all tenants: the answer to a heartbeat, for metrics. */
export const ReplicaLag = z.object({
  target: TargetName,
  pending: z.int(),
  pendingBytes: z.int(),
  failed: z.int(),
  oldestPendingAtMs: z.int().nullable(),
  removals: z.int(),
  oldestRemovalAtMs: z.int().nullable(),
});
export type ReplicaLag = Readonly<z.infer<typeof ReplicaLag>>;

export const HeartbeatAnswer = z.object({ replicas: z.array(ReplicaLag).default([]) });

/** Of a tenant's copies at one target. */
export const ReplicaTargetStatus = z
  .object({
    target: z.string(),
    kind: z.enum(TARGET_KINDS).nullable().meta({ description: "null of one that no processor has any more" }),
    stored: z.int(),
    pending: z.int(),
    pendingBytes: z.int(),
    failed: z.int().meta({ description: "Which are tried again too, at longer intervals" }),
    oldestPendingAt: Timestamp.nullable().meta({ description: "Of those that aren't stored" }),
    lagSeconds: z.object({ p50: z.number(), p95: z.number() }).nullable().meta({
      description: "From a file's being clean to its being stored here, of the newest; null without any",
    }),
    isLagging: z
      .boolean()
      .meta({ description: "Whether the oldest waits longer than the deployment allows" }),
    removals: z.int().meta({ description: "Copies of what is gone that are still to be removed" }),
    oldestRemovalAt: Timestamp.nullable(),
  })
  .meta({ id: "ReplicaTarget" });
export type ReplicaTargetStatus = z.infer<typeof ReplicaTargetStatus>;

export const ReplicaTargetList = z
  .object({ items: z.array(ReplicaTargetStatus) })
  .meta({ id: "ReplicaTargetList" });
export type ReplicaTargetList = z.infer<typeof ReplicaTargetList>;

const MAX_PAGE = 500;

/** Query of lists of copies, in the order of their files' ids. */
export const ReplicaListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
  cursor: z.string().max(100).optional().meta({ description: "`nextCursor` of the page before" }),
});
export type ReplicaListQuery = z.infer<typeof ReplicaListQuery>;

/** A clean version with all that is needed to compare its copies, or to make the primary's object of them again. */
export const ReplicatedVersion = z
  .object({
    fileId: FileId,
    version: z.int(),
    objectKey: z.string(),
    etag: z.string().meta({ description: "Of the primary's object" }),
    sizeBytes: z.int(),
    sha256: z.string(),
    mimeType: z.string(),
    copies: z.array(Replica),
  })
  .meta({ id: "ReplicatedVersion" });
export type ReplicatedVersion = z.infer<typeof ReplicatedVersion>;

export const ReplicatedVersionPage = z
  .object({ items: z.array(ReplicatedVersion), nextCursor: z.string().nullable() })
  .meta({ id: "ReplicatedVersionPage" });
export type ReplicatedVersionPage = z.infer<typeof ReplicatedVersionPage>;

/** A copy that is still to be removed: of what is gone, or at a target that its tenant doesn't choose any more. */
export const OwedRemoval = z
  .object({
    fileId: z.string(),
    version: z.int(),
    target: z.string(),
    since: Timestamp,
    tries: z.int(),
    error: z
      .string()
      .nullable()
      .meta({ description: "Why it isn't gone yet, or is to go though its file is there; null otherwise" }),
    nextTryAt: Timestamp,
  })
  .meta({ id: "OwedRemoval" });
export type OwedRemoval = z.infer<typeof OwedRemoval>;

export const OwedRemovalPage = z
  .object({ items: z.array(OwedRemoval), nextCursor: z.string().nullable() })
  .meta({ id: "OwedRemovalPage" });
export type OwedRemovalPage = z.infer<typeof OwedRemovalPage>;

/** Body of `POST /v1/admin/replicas/backfill`. */
export const BackfillRequest = z
  .strictObject({
    cursor: z.string().max(100).optional().meta({ description: "`nextCursor` of the step before" }),
    limit: z.int().min(1).max(MAX_PAGE).default(MAX_PAGE).meta({ description: "Versions of this step" }),
  })
  .meta({ id: "BackfillRequest" });
export type BackfillRequest = z.infer<typeof BackfillRequest>;

/** One step of a backfill. */
export const BackfillStep = z
  .object({
    seen: z.int().meta({ description: "Clean versions that this step looked at" }),
    queued: z.int().meta({ description: "Copies that were lacking, and are wanted now" }),
    nextCursor: z.string().nullable().meta({ description: "Where the next step begins; null at the end" }),
  })
  .meta({ id: "BackfillStep" });
export type BackfillStep = z.infer<typeof BackfillStep>;
