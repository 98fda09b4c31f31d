import type { EntityRef } from "#contract/entities.ts";
import type { FileVersionRef, UserId } from "#contract/ids.ts";
import type { ReprDigestName, ReprDigests } from "#contract/jobs.ts";
import { choosePartSize } from "../writing/part-size.ts";
import type { PartialSource, Uploader, UploadKind, UploadState } from "./upload-state.ts";

export interface NewUpload {
  readonly ref: FileVersionRef;
  readonly ownerId: UserId;
  readonly actor: Uploader;
  readonly kind: UploadKind;
  readonly filename: string;
  readonly declaredType: string;
  readonly metadata: string | null;
  readonly concat: string | null;
  readonly reprDigests: ReprDigests;
  readonly wantedDigest: ReprDigestName | null;
  readonly lengthBytes: number | null;
  /** Whether reaching its length is its end (tus) and no body comes with it: an empty one is complete as it is made. */
  readonly completesAtLength: boolean;
  readonly maxBytes: number;
  readonly reservedBytes: number;
  /** Of an upload by a grant: what tells its creation from another. */
  readonly creationKey: string | null;
  readonly entity: EntityRef | null;
  /** How long it lives without progress. */
  readonly idleMs: number;
  /** Of a final upload: the partials that it is made of, in order. */
  readonly sources: readonly PartialSource[];
}

/** The state in which an upload begins. */
export function initialState(upload: NewUpload, nowMs: number): UploadState {
  const { ref, completesAtLength: _completesAtLength, ...declared } = upload;
  return {
    ...ref,
    ...declared,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + upload.idleMs,
    due: {},
    phase: "receiving",
    refusal: null,
    knownDigests: {},
    partSizeBytes:
      upload.kind === "final" ? choosePartSize(null, upload.lengthBytes ?? upload.maxBytes) : null,
    storedBytes: 0,
    objectKey: null,
    multipartId: null,
    etag: null,
    partAttempts: 0,
    objectAttempts: 0,
    failures: 0,
  };
}
