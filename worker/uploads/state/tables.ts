/** Tables of an upload's object, and what makes them. */
const DEFINITIONS = {
  /** Two rows: what was declared, and the progress (state-rows.ts). */
  state: "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id IN (1, 2)), json TEXT NOT NULL)",
  parts: "CREATE TABLE parts (part_number INTEGER PRIMARY KEY, etag TEXT NOT NULL)",
  tail: "CREATE TABLE tail (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
  held: "CREATE TABLE held (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
} as const;

export type TableName = keyof typeof DEFINITIONS;

/**
 * Each table is made when something is first written to it: a small file needs one of the four, and making them would be
 * most of what its object does. An unknown upload's object has none, and leaves no trace.
 */
export class Tables {
  readonly #sql: SqlStorage;
  #present: Set<string> | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  has(name: TableName): boolean {
    return this.#known().has(name);
  }

  /** To be called before a table is written to. */
  require(name: TableName): void {
    if (this.has(name)) return;
    this.#sql.exec(DEFINITIONS[name]);
    this.#known().add(name);
  }

  /** Whether there is a table of that name, of before those that there are now. */
  hasOld(name: "upload"): boolean {
    return this.#known().has(name);
  }

  /** To be called when changes were rolled back, or all is gone. */
  reload(): void {
    this.#present = undefined;
  }

  #known(): Set<string> {
    this.#present ??= new Set(
      this.#sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
        .toArray()
        .map(({ name }) => name),
    );
    return this.#present;
  }
}
