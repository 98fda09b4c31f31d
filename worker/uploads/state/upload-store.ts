import type { StoredPart } from "../../storage/object-store.ts";
import { ByteRows } from "./byte-rows.ts";
import { StateRows } from "./state-rows.ts";
import { Tables } from "./tables.ts";
import type { DueKind, UploadProgress, UploadState } from "./upload-state.ts";

/**
 * The durable state of one upload in its object's SQLite. Methods are synchronous; those that change several things are
 * to be called within `transaction`.
 */
export class UploadStore {
  /** The bytes behind the last part that is stored. At most a part and what an append couldn't store: ≤ 2 parts. */
  readonly tail: ByteRows;
  /** Bytes of an append that may yet be discarded: durable memory, not part of the upload. At most a part. */
  readonly held: ByteRows;
  readonly #storage: DurableObjectStorage;
  readonly #tables: Tables;
  readonly #rows: StateRows;
  #state: UploadState | undefined;
  /** What a transaction still has to write at its end, once for however many changes. */
  #pending: { state: boolean; alarm: boolean } | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#tables = new Tables(storage.sql);
    this.#rows = new StateRows(storage, this.#tables);
    this.tail = new ByteRows(storage.sql, this.#tables, "tail");
    this.held = new ByteRows(storage.sql, this.#tables, "held");
    this.#state = this.#load();
  }

  get state(): UploadState | undefined {
    return this.#state;
  }

  /** Bytes that are durable: what HEAD answers. */
  get offsetBytes(): number {
    return this.#state === undefined ? 0 : this.#state.storedBytes + this.tail.sizeBytes;
  }

  transaction<T>(change: () => T): T {
    const before = this.#state;
    try {
      return this.#storage.transactionSync(() => this.#changeTogether(change));
    } catch (error) {
      this.#state = before;
      this.#reload();
      throw error;
    }
  }

  /** To be called within a transaction. */
  create(state: UploadState): void {
    this.#rows.declare(state);
    this.#change(state);
  }

  /** The state of an upload that is known to exist. */
  requireState(): UploadState {
    if (this.#state === undefined) throw new Error("There is no upload here.");
    return this.#state;
  }

  update(change: Partial<UploadProgress>): UploadState {
    return this.#change({ ...this.requireState(), ...change });
  }

  /** Changes what needn't be durable before the next change is: it is written together with that one. */
  note(change: Partial<UploadProgress>): void {
    this.#state = { ...this.requireState(), ...change };
  }

  parts(): readonly StoredPart[] {
    if (!this.#tables.has("parts")) return [];
    return this.#storage.sql
      .exec<{ part_number: number; etag: string }>("SELECT part_number, etag FROM parts ORDER BY part_number")
      .toArray()
      .map((row) => ({ partNumber: row.part_number, etag: row.etag }));
  }

  addPart(part: StoredPart): void {
    this.#tables.require("parts");
    this.#storage.sql.exec("INSERT INTO parts (part_number, etag) VALUES (?, ?)", part.partNumber, part.etag);
  }

  /** Leaves only the record of what became of the upload. */
  clearBytes(): void {
    this.tail.clear();
    this.held.clear();
    if (this.#tables.has("parts")) this.#storage.sql.exec("DELETE FROM parts");
  }

  setDue(kind: DueKind, atMs: number): void {
    this.update({ due: { ...this.requireState().due, [kind]: Math.ceil(atMs) } });
    this.armAlarm();
  }

  clearDue(kind: DueKind): void {
    const { [kind]: _cleared, ...due } = this.requireState().due;
    this.update({ due });
    this.armAlarm();
  }

  /** Leaves nothing at all behind, nor an alarm: `deleteAll` takes that too, in the same write (wrangler.toml's date). */
  async forget(): Promise<void> {
    this.#state = undefined;
    await this.#storage.deleteAll();
    this.#reload();
  }

  /** Sets the alarm to what is due first. Not awaited: it becomes durable together with the writes around it. */
  armAlarm(): void {
    if (this.#pending !== undefined) {
      this.#pending.alarm = true;
      return;
    }
    const next = this.nextDue();
    if (next === undefined) void this.#storage.deleteAlarm();
    else this.setAlarm(next.atMs);
  }

  /** Sets the alarm whatever is due. Not awaited, as `armAlarm`. */
  setAlarm(atMs: number): void {
    void this.#storage.setAlarm(atMs);
  }

  /** Sets the alarm again where something is due and there is none. */
  async restoreAlarm(): Promise<void> {
    if (this.nextDue() !== undefined && (await this.#storage.getAlarm()) === null) this.armAlarm();
  }

  nextDue(): { readonly kind: DueKind; readonly atMs: number } | undefined {
    const entries = Object.entries(this.#state?.due ?? {}) as [DueKind, number][];
    const [first] = entries.sort(([, a], [, b]) => a - b);
    return first && { kind: first[0], atMs: first[1] };
  }

  #load(): UploadState | undefined {
    const loaded = this.#rows.load();
    if (loaded !== undefined) this.tail.know(loaded.tail);
    return loaded?.state;
  }

  #reload(): void {
    this.#tables.reload();
    this.tail.reload();
    this.held.reload();
  }

  #changeTogether<T>(change: () => T): T {
    const pending = { state: false, alarm: false };
    this.#pending = pending;
    try {
      const result = change();
      if (pending.state) this.#rows.update(this.requireState());
      this.#pending = undefined;
      if (pending.alarm) this.armAlarm();
      return result;
    } finally {
      this.#pending = undefined;
    }
  }

  #change(state: UploadState): UploadState {
    this.#state = state;
    if (this.#pending === undefined) this.#rows.update(state);
    else this.#pending.state = true;
    return state;
  }
}
