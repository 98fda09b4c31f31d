import { chargeOf } from "#contract/charges.ts";
import type { FileId } from "#contract/ids.ts";
import type { Counts } from "../../../worker/db/quota.ts";

/** What a tenant's rows are to come to, as plain data, and the rules of reserving once more in as few words as possible. */
export interface ModelVersion {
  /** Bytes that count, once it is stored; null while it is uploaded. */
  storedBytes: number | null;
  isClean: boolean;
  derivativesBytes: number;
}

export interface ModelFile {
  isDeleted: boolean;
  current: number;
  last: number;
  readonly versions: Map<number, ModelVersion>;
}

export interface UploadKey {
  readonly fileId: FileId;
  readonly version: number;
}

export interface ModelPartial extends UploadKey {
  readonly sizeBytes: number;
}

export type Refusal = "QUOTA_EXCEEDED" | "UPLOAD_CONCAT_INVALID";

export function keyOf({ fileId, version }: UploadKey): string {
  return `${fileId}/${version}`;
}

export function newVersion(): ModelVersion {
  return { storedBytes: null, isClean: false, derivativesBytes: 0 };
}

export function newFile(): ModelFile {
  return { isDeleted: false, current: 1, last: 1, versions: new Map([[1, newVersion()]]) };
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}

export class QuotaModel {
  quotaBytes: number;
  readonly files = new Map<FileId, ModelFile>();
  readonly reserved = new Map<string, number>();
  /** Which final upload a partial one was joined to. */
  readonly #joined = new Map<string, string>();

  constructor(quotaBytes: number) {
    this.quotaBytes = quotaBytes;
  }

  get counts(): Counts {
    const counts = { filesBytes: 0, versionsBytes: 0, trashBytes: 0, derivativesBytes: 0 };
    for (const file of this.files.values()) {
      for (const [version, { storedBytes, derivativesBytes }] of file.versions) {
        const isCurrent = version === file.current;
        const place = file.isDeleted ? "trashBytes" : isCurrent ? "filesBytes" : "versionsBytes";
        if (storedBytes !== null) counts[place] += chargeOf(storedBytes);
        counts.derivativesBytes += derivativesBytes;
      }
    }
    const [reservedBytes, openUploads] = [sum(this.reserved.values()), this.reserved.size];
    return { ...counts, reservedBytes, openUploads, fileCount: this.files.size };
  }

  get freeBytes(): number {
    const { filesBytes, versionsBytes, trashBytes, reservedBytes } = this.counts;
    return this.quotaBytes - filesBytes - versionsBytes - trashBytes - reservedBytes;
  }

  /** What would be reserved for a new upload, for one of partials beside what these have, or why it is refused. */
  admit(atLeast: number, atMost: number, partials: readonly ModelPartial[] = []): number | Refusal {
    const sizes = new Map(partials.map((partial) => [keyOf(partial), chargeOf(partial.sizeBytes)]));
    if (![...sizes.keys()].every((key) => this.#isFree(key))) return "UPLOAD_CONCAT_INVALID";
    const joined = sum(sizes.values());
    const held = sum([...sizes.keys()].map((key) => this.reserved.get(key) ?? 0));
    // What partials have is had, also when the quota was lowered below what is used.
    const free = partials.length === 0 ? this.freeBytes : Math.max(0, this.freeBytes) + held - joined;
    const beyond = (bytes: number) => Math.max(0, bytes - joined);
    return beyond(atLeast) <= free ? Math.min(beyond(atMost), free) : "QUOTA_EXCEEDED";
  }

  addUpload(upload: UploadKey, bytes: number, partials: readonly ModelPartial[]): void {
    for (const partial of partials) {
      this.reserved.set(keyOf(partial), chargeOf(partial.sizeBytes));
      this.#joined.set(keyOf(partial), keyOf(upload));
    }
    this.reserved.set(keyOf(upload), bytes);
  }

  /** Whether a partial has its reservation, and no final upload that is under way has the partial. */
  #isFree(key: string): boolean {
    const final = this.#joined.get(key);
    return this.reserved.has(key) && (final === undefined || !this.reserved.has(final));
  }

  /** What is reserved then. */
  extend(upload: UploadKey, atLeast: number, atMost: number): number {
    const held = this.reserved.get(keyOf(upload));
    if (held === undefined) return 0;
    const free = this.freeBytes + held;
    const granted = held >= atLeast || atLeast > free ? held : Math.min(atMost, free);
    this.reserved.set(keyOf(upload), granted);
    return granted;
  }

  reduce(upload: UploadKey, from: number, to: number): void {
    if (this.reserved.get(keyOf(upload)) === from) this.reserved.set(keyOf(upload), to);
  }

  store(upload: UploadKey, sizeBytes: number): void {
    this.reserved.delete(keyOf(upload));
    const version = this.files.get(upload.fileId)?.versions.get(upload.version);
    if (version === undefined) return;
    version.storedBytes ??= sizeBytes;
    for (const [partial, final] of this.#joined) if (final === keyOf(upload)) this.reserved.delete(partial);
  }

  forget(upload: UploadKey): void {
    const key = keyOf(upload);
    const [bytes, final] = [this.reserved.get(key) ?? 0, this.#joined.get(key) ?? ""];
    // The final that it was joined to may have its bytes.
    const ofFinal = this.reserved.get(final);
    if (ofFinal !== undefined) this.reserved.set(final, ofFinal + bytes);
    this.reserved.delete(key);
    const file = this.files.get(upload.fileId);
    if (file?.versions.get(upload.version)?.storedBytes === null) file.versions.delete(upload.version);
    if (file?.versions.size === 0) this.files.delete(upload.fileId);
  }
}
