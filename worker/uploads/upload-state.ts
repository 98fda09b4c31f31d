import type { FileId, FileVersionRef, TenantId, UserId } from "#contract/ids.ts";
import type { StoredPart } from "../storage/object-store.ts";

/**
 * Where an upload is in its life. `receiving` takes bytes; the rest is the finalise machine (finalise.ts), each state
 * durable before its step begins. `terminated` and `expired` are ends without a file.
 */
export type UploadPhase =
  | "receiving"
  | "storing"
  | "recording"
  | "announcing"
  | "done"
  | "terminated"
  | "expired";

/** What is durable of one upload, but for its parts and its tail. */
export interface UploadState {
  readonly tenantId: TenantId;
  readonly fileId: FileId;
  readonly version: number;
  readonly ownerId: UserId;
  readonly declaredType: string;
  /** Upload-Metadata exactly as sent, to be echoed. */
  readonly metadata: string | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly phase: UploadPhase;
  readonly lengthBytes: number | null;
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
  /** Times in a row that a step of finalising failed, for its backoff. */
  readonly failures: number;
}

export function refOf(state: UploadState): FileVersionRef {
  return { tenantId: state.tenantId, fileId: state.fileId, version: state.version };
}

/** Rows of the tail are ≤ 1 MiB: SQLite in a Durable Object takes values of 2 MB at most. */
const TAIL_ROW_BYTES = 1024 * 1024;
/** A shorter last row is written again with what follows, so that tiny appends don't make a row each. */
const SHORT_ROW_BYTES = 64 * 1024;

/** What there is to do at a time: the object has one alarm, so due times are rows and the alarm is set to the first. */
export type DueKind = "finalise" | "expire" | "forget";

/** How long an upload that has ended is remembered, so that a lost last answer can be asked for again (R6). */
export const REMEMBERED_MS = 24 * 3_600_000;

const TABLES = `
  CREATE TABLE IF NOT EXISTS upload (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS parts (part_number INTEGER PRIMARY KEY, etag TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS tail (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS due (kind TEXT PRIMARY KEY, at_ms INTEGER NOT NULL);
`;

/**
 * The durable state of one upload in its object's SQLite. Methods are synchronous; those that change several things are
 * to be called within `transaction`. Nothing is written, no table made, before `create`: an unknown id leaves no trace.
 */
export class UploadStore {
  readonly #storage: DurableObjectStorage;
  #state: UploadState | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#state = this.#load();
  }

  get state(): UploadState | undefined {
    return this.#state;
  }

  /** Bytes that are durable: what HEAD answers. */
  get offsetBytes(): number {
    return (this.#state?.storedBytes ?? 0) + (this.#state === undefined ? 0 : this.tailBytes());
  }

  transaction<T>(change: () => T): T {
    const before = this.#state;
    try {
      return this.#storage.transactionSync(change);
    } catch (error) {
      this.#state = before;
      throw error;
    }
  }

  create(state: UploadState): void {
    this.#storage.sql.exec(TABLES);
    this.#write(state);
  }

  update(change: Partial<UploadState>): UploadState {
    if (this.#state === undefined) throw new Error("There is no upload to update.");
    return this.#write({ ...this.#state, ...change });
  }

  parts(): readonly StoredPart[] {
    return this.#storage.sql
      .exec<{ part_number: number; etag: string }>("SELECT part_number, etag FROM parts ORDER BY part_number")
      .toArray()
      .map((row) => ({ partNumber: row.part_number, etag: row.etag }));
  }

  addPart(part: StoredPart): void {
    this.#storage.sql.exec("INSERT INTO parts (part_number, etag) VALUES (?, ?)", part.partNumber, part.etag);
  }

  tailBytes(): number {
    return this.#storage.sql
      .exec<{ bytes: number }>("SELECT coalesce(sum(length(bytes)), 0) AS bytes FROM tail")
      .one().bytes;
  }

  /** The tail's bytes in order. At most a part and what an append couldn't store: ≤ 2 parts of 16 MiB. */
  readTail(): readonly Uint8Array[] {
    return this.#storage.sql
      .exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM tail ORDER BY seq")
      .toArray()
      .map((row) => new Uint8Array(row.bytes));
  }

  appendTail(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      for (let from = 0; from < piece.byteLength; from += TAIL_ROW_BYTES) {
        this.#appendTailRow(piece.subarray(from, from + TAIL_ROW_BYTES));
      }
    }
  }

  clearTail(): void {
    this.#storage.sql.exec("DELETE FROM tail");
  }

  /** Leaves only the record of what became of the upload. */
  clearBytes(): void {
    this.clearTail();
    this.#storage.sql.exec("DELETE FROM parts");
  }

  setDue(kind: DueKind, atMs: number): void {
    this.#storage.sql.exec(
      "INSERT INTO due (kind, at_ms) VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET at_ms = excluded.at_ms",
      kind,
      Math.ceil(atMs),
    );
    this.armAlarm();
  }

  clearDue(kind: DueKind): void {
    this.#storage.sql.exec("DELETE FROM due WHERE kind = ?", kind);
    this.armAlarm();
  }

  /** Leaves nothing at all behind. */
  async forget(): Promise<void> {
    this.#state = undefined;
    await this.#storage.deleteAlarm();
    await this.#storage.deleteAll();
  }

  /** Sets the alarm to what is due first. Not awaited: it becomes durable together with the writes around it. */
  armAlarm(): void {
    const next = this.nextDue();
    void (next === undefined ? this.#storage.deleteAlarm() : this.#storage.setAlarm(next.atMs));
  }

  nextDue(): { readonly kind: DueKind; readonly atMs: number } | undefined {
    if (this.#state === undefined) return undefined;
    const [row] = this.#storage.sql
      .exec<{ kind: DueKind; at_ms: number }>("SELECT kind, at_ms FROM due ORDER BY at_ms LIMIT 1")
      .toArray();
    return row && { kind: row.kind, atMs: row.at_ms };
  }

  #load(): UploadState | undefined {
    const tables = this.#storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'upload'").toArray();
    if (tables.length === 0) return undefined;
    const [row] = this.#storage.sql.exec<{ state: string }>("SELECT state FROM upload").toArray();
    // Our own words, written by #write: trusted, not parsed again.
    return row && (JSON.parse(row.state) as UploadState);
  }

  #write(state: UploadState): UploadState {
    this.#storage.sql.exec(
      "INSERT INTO upload (id, state) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state",
      JSON.stringify(state),
    );
    this.#state = state;
    return state;
  }

  #appendTailRow(bytes: Uint8Array): void {
    const [last] = this.#storage.sql
      .exec<{ seq: number; size: number }>(
        "SELECT seq, length(bytes) AS size FROM tail ORDER BY seq DESC LIMIT 1",
      )
      .toArray();
    if (last !== undefined && last.size < SHORT_ROW_BYTES && last.size + bytes.byteLength <= TAIL_ROW_BYTES) {
      this.#extendTailRow(last.seq, bytes);
      return;
    }
    this.#storage.sql.exec(
      "INSERT INTO tail (seq, bytes) VALUES (?, ?)",
      (last?.seq ?? 0) + 1,
      bytes.slice().buffer,
    );
  }

  #extendTailRow(seq: number, bytes: Uint8Array): void {
    const { bytes: before } = this.#storage.sql
      .exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM tail WHERE seq = ?", seq)
      .one();
    const joined = new Uint8Array(before.byteLength + bytes.byteLength);
    joined.set(new Uint8Array(before));
    joined.set(bytes, before.byteLength);
    this.#storage.sql.exec("UPDATE tail SET bytes = ? WHERE seq = ?", joined.buffer, seq);
  }
}
