import type { Actor } from "#contract/audit.ts";
import type { EntityRef } from "#contract/entities.ts";
import type { ErrorCode } from "#contract/errors.ts";
import type { FileId, FileVersionRef, TenantId, UserId } from "#contract/ids.ts";
import type { ReprDigestName, ReprDigests } from "#contract/jobs.ts";
import type { UploadPhase } from "./phases.ts";

/** A `file` becomes a file of its own; `partial`s are joined to a `final` one (tus 1.0, Concatenation). */
export type UploadKind = "file" | "partial" | "final";

/** A partial upload's stored bytes, as a final one copies them. */
export interface PartialSource {
  readonly fileId: FileId;
  readonly objectKey: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** What there is to do at a time. The object has one alarm, which is set to what is due first. */
export type DueKind = "finalise" | "expire" | "forget" | "unasked";

/** Who began an upload, within its tenant. */
export type Uploader = Omit<Actor, "tenantId">;

/** What an upload was declared to be when it was created: written once. */
export interface UploadDeclaration {
  readonly tenantId: TenantId;
  readonly fileId: FileId;
  readonly version: number;
  readonly ownerId: UserId;
  /** Who began it, for the audit of what it becomes. Not known of one that was begun before that was kept. */
  readonly actor?: Uploader;
  readonly kind: UploadKind;
  readonly filename: string;
  readonly declaredType: string;
  /** Upload-Metadata and Upload-Concat exactly as sent, to be echoed. */
  readonly metadata: string | null;
  readonly concat: string | null;
  /** Which digest of the whole the client would like to be told (`Want-Repr-Digest`). */
  readonly wantedDigest: ReprDigestName | null;
  /** Of an upload by a grant: what tells its creation from another. Of others null, or absent. */
  readonly creationKey?: string | null;
  /** What it was declared to be attached to. Absent where that wasn't kept yet. */
  readonly entity?: EntityRef | null;
  readonly createdAtMs: number;
  /** How long it lives without progress. */
  readonly idleMs: number;
  /** The most that this upload may become: the limit of its class. */
  readonly maxBytes: number;
  /** What a final upload is made of; empty for others. */
  readonly sources: readonly PartialSource[];
}

/** Where an upload has got to: written with whatever changes it. */
export interface UploadProgress {
  /** Of the whole file, as the client announced them, as long as nobody has compared them. */
  readonly reprDigests: ReprDigests;
  /** Of the whole file, as computed here: only of what came in one append. */
  readonly knownDigests: ReprDigests;
  readonly expiresAtMs: number;
  readonly due: Readonly<Partial<Record<DueKind, number>>>;
  readonly phase: UploadPhase;
  /** Why the upload was refused for good, in phase `refused`. */
  readonly refusal: { readonly code: ErrorCode; readonly detail: string | null } | null;
  readonly lengthBytes: number | null;
  /** What of the tenant's quota is reserved for it; null for uploads of before that was done. */
  readonly reservedBytes: number | null;
  /** How much was reserved before all but `reservedBytes` was to be given back, until that is known to be done. */
  readonly reducedFromBytes?: number | undefined;
  /** Size of every part but the last; null until the first append shows what suits the client. */
  readonly partSizeBytes: number | null;
  /** Bytes in stored parts (or in the object). The offset is this and the tail. */
  readonly storedBytes: number;
  readonly objectKey: string | null;
  readonly multipartId: string | null;
  readonly etag: string | null;
  /** Numbers of part and object attempts given out so far: an attempt's number is never used again. */
  readonly partAttempts: number;
  readonly objectAttempts: number;
  /** Times in a row that a step of finalising, or the upload's end, failed: for the time until the next try. */
  readonly failures: number;
  /** Since when the store knows neither the parts that it was to complete nor their object, at every look. */
  readonly missingSinceMs?: number | undefined;
}

/** What is durable of one upload, but for its parts and its tail. */
export type UploadState = UploadDeclaration & UploadProgress;

export function refOf({ tenantId, fileId, version }: FileVersionRef): FileVersionRef {
  return { tenantId, fileId, version };
}

/** How long an upload that has ended is remembered, so that a lost last answer can be asked for again (R6). */
export const END_KEPT_MS = 24 * 3_600_000;
