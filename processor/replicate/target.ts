import type { CopyChecksums } from "./checksums.ts";
import type { CopyPart } from "./parts.ts";

/**
 * Where copies of clean versions are kept: one interface, by what a copy needs, over S3, Azure Blob, GCS and a directory.
 *
 * A copy is written in parts (parts.ts), in order. What a part that was acknowledged needs to survive is kept at the target
 * itself, under the copy's own key, so that whoever begins again finds it: nothing is remembered here. "Stored" is said by
 * `complete` alone, and only where the target's own checksum, or what is read back, is that of the bytes.
 */
export type TargetKind = "s3" | "azure" | "gcs" | "directory";

/** What is known of a version before its copy begins. Only clean versions are copied, so its SHA-256 always is. */
export interface CopyFacts {
  /** Of the object at the target: the primary's own. Made of ids alone, never of a user's words. */
  readonly key: string;
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly contentType: string;
  readonly disposition?: string | undefined;
}

/** A copy as the target describes it. */
export interface StoredCopy {
  readonly key: string;
  readonly sizeBytes: number;
  readonly etag: string;
  /** Hexadecimal, out of the metadata that was written with it; undefined for an object that isn't a copy of ours. */
  readonly sha256: string | undefined;
  readonly contentType: string | undefined;
  readonly disposition: string | undefined;
  /** What the service keeps of its own, in base64. */
  readonly checksums: Readonly<Partial<CopyChecksums>>;
}

/** `length` bytes from `offset`: one at least. */
export interface CopyRange {
  readonly offset: number;
  readonly length: number;
}

export interface CopyBody {
  /** Errors with ReplicaFault, also after a silence. */
  readonly body: ReadableStream<Uint8Array>;
  /** Of the whole object, whatever the range. */
  readonly sizeBytes: number;
  readonly etag: string;
}

export interface CopyList {
  readonly objects: readonly { readonly key: string; readonly sizeBytes: number }[];
  /** For the next page; undefined at the end. */
  readonly cursor: string | undefined;
}

/** One copy being written. Every method throws ReplicaFault; after a throw only `abandon` may be called. */
export interface CopyWriter {
  /** Durable at the target already: whole parts, or all of it. */
  readonly sentBytes: number;
  /**
   * Is shown each part before `sentBytes`, in order, to be compared with what the target says of it. Throws `mismatch` where
   * the target has another.
   */
  confirm(part: CopyPart): void;
  /** Appends the next part. Durable when it resolves, but for the last, which may be kept until `complete`. */
  write(part: CopyPart, signal: AbortSignal): Promise<void>;
  /** Makes the object of the parts, and proves it. Throws `mismatch`, and leaves no object, where the target has other bytes. */
  complete(checksums: CopyChecksums, signal: AbortSignal): Promise<StoredCopy>;
  /** Takes back what was sent, and the open session with it. */
  abandon(signal: AbortSignal): Promise<void>;
}

/** Every method throws ReplicaFault, or the signal's own reason, and has a deadline of its own beside the signal. */
export interface ReplicaTarget {
  /** As configured: `[a-z0-9-]`, in records and reports. */
  readonly name: string;
  readonly kind: TargetKind;
  /** Begins a copy, or goes on behind what an earlier try has left at the target. */
  begin(facts: CopyFacts, signal: AbortSignal): Promise<CopyWriter>;
  find(key: string, signal: AbortSignal): Promise<StoredCopy | undefined>;
  /** @param range undefined for all of it. @param signal ends the body too */
  read(key: string, range: CopyRange | undefined, signal: AbortSignal): Promise<CopyBody | undefined>;
  /** Removes copies, and what tries at them have left. What isn't there is no error. */
  remove(keys: readonly string[], signal: AbortSignal): Promise<void>;
  /** Copies whose keys begin with `prefix`, in order, a page at a time. */
  list(prefix: string, cursor: string | undefined, signal: AbortSignal): Promise<CopyList>;
  /** Closes idle connections. */
  close(): void;
}
