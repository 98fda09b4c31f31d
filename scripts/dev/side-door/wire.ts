/** A statement of D1's with what is bound to it. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** What a database is asked: D1's methods by their names, each of which takes one statement, but for `batch`. */
export interface Question {
  readonly database: string;
  /** A session's bookmark or, before it has one, where it may begin. */
  readonly session?: string | undefined;
  readonly method: "all" | "run" | "raw" | "batch" | "exec";
  readonly statements: readonly Statement[];
  readonly columnNames?: boolean | undefined;
}

/** A run of the cron handler. */
export interface CronRun {
  readonly cron: string;
  /** In ms since 1970. */
  readonly scheduledTimeMs: number;
}

/** An error as it goes over the wire, with those behind it. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly cause?: WireError | undefined;
}

/** With a session's bookmark. */
export type Answer =
  | { readonly result: unknown; readonly bookmark?: string | null | undefined }
  | { readonly error: WireError };
