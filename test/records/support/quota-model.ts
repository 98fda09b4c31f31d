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
  readonly quotaBytes: number;
  readonly files = new Map<FileId, ModelFile>();
  readonly reserved = new Map<string, number>();

  constructor(quotaBytes: number) {
    this.quotaBytes = quotaBytes;
  }

  get counts(): Counts {
    const counts = { filesBytes: 0, versionsBytes: 0, trashBytes: 0, derivativesBytes: 0 };
    for (const file of this.files.values()) {
      for (const [version, { storedBytes, derivativesBytes }] of file.versions) {
        const isCurrent = version === file.current;
        const place = file.isDeleted ? "trashBytes" : isCurrent ? "filesBytes" : "versionsBytes";
        counts[place] += storedBytes ?? 0;
        counts.derivativesBytes += derivativesBytes;
      }
    }
    return { ...counts, reservedBytes: sum(this.reserved.values()), fileCount: this.files.size };
  }

  get freeBytes(): number {
    const { filesBytes, versionsBytes, trashBytes, reservedBytes } = this.counts;
    return this.quotaBytes - filesBytes - versionsBytes - trashBytes - reservedBytes;
  }

  /** What would be reserved for a new upload that takes these partials over, or undefined. */
  admit(atLeast: number, atMost: number, partials: readonly UploadKey[] = []): number | undefined {
    const freed = sum([...new Set(partials.map(keyOf))].map((key) => this.reserved.get(key) ?? 0));
    const free = this.freeBytes + freed;
    return atLeast <= free ? Math.min(atMost, free) : undefined;
  }

  addUpload(upload: UploadKey, bytes: number, partials: readonly UploadKey[]): void {
    for (const partial of partials) this.reserved.delete(keyOf(partial));
    this.reserved.set(keyOf(upload), bytes);
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
    if (version !== undefined) version.storedBytes ??= sizeBytes;
  }

  forget(upload: UploadKey, partials: readonly (UploadKey & { readonly sizeBytes: number })[]): void {
    const held = this.reserved.delete(keyOf(upload));
    for (const partial of held ? partials : []) {
      if (!this.reserved.has(keyOf(partial))) this.reserved.set(keyOf(partial), partial.sizeBytes);
    }
    const file = this.files.get(upload.fileId);
    if (file?.versions.get(upload.version)?.storedBytes === null) file.versions.delete(upload.version);
    if (file?.versions.size === 0) this.files.delete(upload.fileId);
  }
}
