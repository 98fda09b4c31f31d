import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { ByteRows } from "../../../worker/uploads/state/byte-rows.ts";
import { Tables } from "../../../worker/uploads/state/tables.ts";

const MIB = 1024 * 1024;

/** What is asked of an object's SQLite by one that has a tail of so many rows and reads it. */
function sqlOfTail(rows: readonly Uint8Array[]): SqlStorage {
  const answer = (query: string, seq: number): object[] => {
    if (query.includes("sqlite_master")) return [{ name: "tail" }];
    if (query.includes("length(bytes)")) {
      return rows.map(({ byteLength }, index) => ({ seq: index + 1, size: byteLength }));
    }
    return [{ bytes: rows[seq - 1]?.slice().buffer }];
  };
  const exec = (query: string, seq: number) => {
    const found = answer(query, seq);
    return { toArray: () => found, one: () => found[0] };
  };
  return { exec } as unknown as SqlStorage;
}

test("of rows that are read, however many, one is in memory at a time", () => {
  const sql = sqlOfTail(Array.from({ length: 5 }, (_, index) => new Uint8Array(MIB).fill(index)));
  const passed: Uint8Array[] = [];
  const inMemory: number[] = [];
  for (const piece of new ByteRows(sql, new Tables(sql), "tail").body().pieces) {
    expect(piece.at(-1)).toBe(passed.length);
    passed.push(piece);
    inMemory.push(passed.reduce((sum, { byteLength }) => sum + byteLength, 0));
  }
  expect(inMemory).toEqual([MIB, MIB, MIB, MIB, MIB]);
  expect(passed.map(({ byteLength }) => byteLength)).toEqual([0, 0, 0, 0, 0]);
});

/** An object's SQLite, as far as its rows need it. */
function realSql(): SqlStorage {
  const database = new DatabaseSync(":memory:");
  onTestFinished(() => database.close());
  const exec = (query: string, ...values: (number | Uint8Array)[]) => {
    const found = database.prepare(query).all(...values);
    return { toArray: () => found, one: () => found[0] };
  };
  return { exec } as unknown as SqlStorage;
}

test("what was cleared is gone for whoever reads the rows anew too", () => {
  const sql = realSql();
  const rowsOf = () => new ByteRows(sql, new Tables(sql), "tail");
  const rows = rowsOf();
  rows.append([new Uint8Array(10)]);
  expect(rowsOf().sizeBytes).toBe(10);
  rows.clear();
  expect(rows.sizeBytes).toBe(0);
  expect(rowsOf().sizeBytes).toBe(0);
});
