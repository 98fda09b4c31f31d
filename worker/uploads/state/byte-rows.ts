import type { StoreBody } from "../../storage/object-store.ts";
import type { Tables } from "./tables.ts";

/** Rows of bytes are ≤ 1 MiB: SQLite in a Durable Object takes values of 2 MB at most. */
const ROW_BYTES = 1024 * 1024;
/** A shorter last row is written again with what follows, so that tiny appends don't make a row each. */
const SHORT_ROW_BYTES = 64 * 1024;

export type ByteTable = "tail" | "held";

interface Row {
  readonly seq: number;
  readonly sizeBytes: number;
}

/** Which bytes of which row. */
export interface RowSpan {
  readonly seq: number;
  readonly from: number;
  readonly to: number;
}

/** Where the bytes from `from` to `to` lie. */
export function rowSpans(rows: readonly Row[], from: number, to: number): readonly RowSpan[] {
  let before = 0;
  return rows.flatMap(({ seq, sizeBytes }) => {
    const span = { seq, from: Math.max(0, from - before), to: Math.min(sizeBytes, to - before) };
    before += sizeBytes;
    return span.from < span.to ? [span] : [];
  });
}

/**
 * Bytes in the rows of one of the upload's tables, in order. They are read a row at a time, when it is their turn:
 * however much lies here, one row of it is in memory.
 */
export class ByteRows {
  readonly #sql: SqlStorage;
  readonly #table: ByteTable;
  readonly #tables: Tables;
  /** What rows there are, once somebody asked: nobody else writes them. */
  #rows: readonly Row[] | undefined;

  constructor(sql: SqlStorage, tables: Tables, table: ByteTable) {
    this.#sql = sql;
    this.#tables = tables;
    this.#table = table;
  }

  get sizeBytes(): number {
    return this.#known().reduce((sum, row) => sum + row.sizeBytes, 0);
  }

  /** The first bytes, `limitBytes` at most and all from one row. */
  head(limitBytes: number): Uint8Array {
    const [first] = this.#known();
    if (first === undefined) return new Uint8Array();
    const [row] = this.#sql
      .exec<{ bytes: ArrayBuffer }>(
        `SELECT substr(bytes, 1, ?) AS bytes FROM ${this.#table} WHERE seq = ?`,
        limitBytes,
        first.seq,
      )
      .toArray();
    return new Uint8Array(row?.bytes ?? new ArrayBuffer());
  }

  /**
   * All of the bytes. What `clear` takes away before it is read is missed: reading on then throws. A piece is valid until
   * the next one is asked for.
   */
  body(): StoreBody {
    return this.#slice(0, this.sizeBytes);
  }

  /** The same, cut into bodies of `sizeBytes` each; the last may be smaller. */
  bodies(sizeBytes: number): readonly StoreBody[] {
    const end = this.sizeBytes;
    const count = Math.ceil(end / sizeBytes);
    return Array.from({ length: count }, (_, index) =>
      this.#slice(index * sizeBytes, Math.min(end, (index + 1) * sizeBytes)),
    );
  }

  append(pieces: Iterable<Uint8Array>): void {
    for (const piece of pieces) {
      for (let from = 0; from < piece.byteLength; from += ROW_BYTES) {
        this.#appendRow(piece.subarray(from, from + ROW_BYTES));
      }
    }
  }

  clear(): void {
    if (this.#known().length === 0) return;
    this.#sql.exec(`DELETE FROM ${this.#table}`);
    this.#rows = [];
  }

  /** Takes in what rows there are, in order, where that was read together with something else. */
  know(rows: readonly Row[]): void {
    this.#rows = rows;
  }

  /** To be called when changes were rolled back. */
  reload(): void {
    this.#rows = undefined;
  }

  #known(): readonly Row[] {
    this.#rows ??= this.#tables.has(this.#table) ? this.#load() : [];
    return this.#rows;
  }

  #load(): readonly Row[] {
    return this.#sql
      .exec<{ seq: number; size: number }>(
        `SELECT seq, length(bytes) AS size FROM ${this.#table} ORDER BY seq`,
      )
      .toArray()
      .map(({ seq, size }) => ({ seq, sizeBytes: size }));
  }

  #slice(from: number, to: number): StoreBody {
    const spans = rowSpans(this.#known(), from, to);
    return { pieces: { [Symbol.iterator]: () => this.#read(spans) }, sizeBytes: to - from };
  }

  *#read(spans: readonly RowSpan[]): Generator<Uint8Array> {
    for (const { seq, from, to } of spans) {
      const row = this.#readRow(seq);
      yield row.subarray(from, to);
      // Left to the collector, the rows of many parts would be resident at once.
      row.buffer.transfer(0);
    }
  }

  #readRow(seq: number): Uint8Array<ArrayBuffer> {
    const row = this.#sql
      .exec<{ bytes: ArrayBuffer }>(`SELECT bytes FROM ${this.#table} WHERE seq = ?`, seq)
      .one();
    return new Uint8Array(row.bytes);
  }

  #appendRow(bytes: Uint8Array): void {
    const rows = this.#known();
    const last = rows.at(-1);
    if (
      last !== undefined &&
      last.sizeBytes < SHORT_ROW_BYTES &&
      last.sizeBytes + bytes.byteLength <= ROW_BYTES
    ) {
      this.#extendRow(last.seq, bytes);
      this.#rows = [...rows.slice(0, -1), { seq: last.seq, sizeBytes: last.sizeBytes + bytes.byteLength }];
      return;
    }
    const seq = (last?.seq ?? 0) + 1;
    this.#tables.require(this.#table);
    this.#sql.exec(`INSERT INTO ${this.#table} (seq, bytes) VALUES (?, ?)`, seq, bytes);
    this.#rows = [...rows, { seq, sizeBytes: bytes.byteLength }];
  }

  #extendRow(seq: number, bytes: Uint8Array): void {
    const before = this.#readRow(seq);
    const joined = new Uint8Array(before.byteLength + bytes.byteLength);
    joined.set(before);
    joined.set(bytes, before.byteLength);
    this.#sql.exec(`UPDATE ${this.#table} SET bytes = ? WHERE seq = ?`, joined, seq);
  }
}
