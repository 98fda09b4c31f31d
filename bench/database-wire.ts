/** What goes between workers/remote-database.ts and database.ts: an array of statements, and of results in turn. */
export interface WireStatement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

export interface WireResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}
