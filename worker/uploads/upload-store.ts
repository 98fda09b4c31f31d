import type { StoredPart } from "../storage/object-store.ts";
import type { UploadState } from "./upload-state.ts";

type ByteTable = "tail" | "held";

/** Rows of bytes are ≤ 1 MiB: SQLite in a Durable Object takes values of 2 MB at most. */
const ROW_BYTES = 1024 * 1024;
/** A shorter last row is written again with what follows, so that tiny appends don't make a row each. */
const SHORT_ROW_BYTES = 64 * 1024;

/** What there is to do at a time: the object has one alarm, so due times are rows and the alarm is set to the first. */
export type DueKind = "finalise" | "expire" | "forget";

const TABLES = `
  CREATE TABLE IF NOT EXISTS upload (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS parts (part_number INTEGER PRIMARY KEY, etag TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS tail (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS held (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
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

  /** The state of an upload that is known to exist. */
  requireState(): UploadState {
    if (this.#state === undefined) throw new Error("There is no upload here.");
    return this.#state;
  }

  update(change: Partial<UploadState>): UploadState {
    return this.#write({ ...this.requireState(), ...change });
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
    return this.#read("tail");
  }

  /** The tail's first bytes, `limitBytes` at most. */
  readTailHead(limitBytes: number): Uint8Array {
    const [row] = this.#storage.sql
      .exec<{ bytes: ArrayBuffer }>(
        "SELECT substr(bytes, 1, ?) AS bytes FROM tail ORDER BY seq LIMIT 1",
        limitBytes,
      )
      .toArray();
    return row === undefined ? new Uint8Array() : new Uint8Array(row.bytes);
  }

  appendTail(pieces: readonly Uint8Array[]): void {
    this.#append("tail", pieces);
  }

  clearTail(): void {
    this.#storage.sql.exec("DELETE FROM tail");
  }

  /** Bytes of an append that may yet be discarded: durable memory, not part of the upload. At most a part. */
  readHeld(): readonly Uint8Array[] {
    return this.#read("held");
  }

  appendHeld(pieces: readonly Uint8Array[]): void {
    this.#append("held", pieces);
  }

  clearHeld(): void {
    this.#storage.sql.exec("DELETE FROM held");
  }

  /** Leaves only the record of what became of the upload. */
  clearBytes(): void {
    this.clearTail();
    this.clearHeld();
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

  #read(table: ByteTable): readonly Uint8Array[] {
    return this.#storage.sql
      .exec<{ bytes: ArrayBuffer }>(`SELECT bytes FROM ${table} ORDER BY seq`)
      .toArray()
      .map((row) => new Uint8Array(row.bytes));
  }

  #append(table: ByteTable, pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      for (let from = 0; from < piece.byteLength; from += ROW_BYTES) {
        this.#appendRow(table, piece.subarray(from, from + ROW_BYTES));
      }
    }
  }

  #appendRow(table: ByteTable, bytes: Uint8Array): void {
    const [last] = this.#storage.sql
      .exec<{ seq: number; size: number }>(
        `SELECT seq, length(bytes) AS size FROM ${table} ORDER BY seq DESC LIMIT 1`,
      )
      .toArray();
    if (last !== undefined && last.size < SHORT_ROW_BYTES && last.size + bytes.byteLength <= ROW_BYTES) {
      this.#extendRow(table, last.seq, bytes);
      return;
    }
    const seq = (last?.seq ?? 0) + 1;
    this.#storage.sql.exec(`INSERT INTO ${table} (seq, bytes) VALUES (?, ?)`, seq, bytes.slice().buffer);
  }

  #extendRow(table: ByteTable, seq: number, bytes: Uint8Array): void {
    const { bytes: before } = this.#storage.sql
      .exec<{ bytes: ArrayBuffer }>(`SELECT bytes FROM ${table} WHERE seq = ?`, seq)
      .one();
    const joined = new Uint8Array(before.byteLength + bytes.byteLength);
    joined.set(new Uint8Array(before));
    joined.set(bytes, before.byteLength);
    this.#storage.sql.exec(`UPDATE ${table} SET bytes = ? WHERE seq = ?`, joined.buffer, seq);
  }
}
