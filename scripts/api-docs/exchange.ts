/** One request of the walk (walk.ts), and what was answered. */
export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Whose token it has; undefined for none. */
  readonly caller: CallerName | undefined;
  readonly status: number;
  /** Those that a caller needs. */
  readonly answerHeaders: Readonly<Record<string, string>>;
  /** JSON, or a text; undefined where there is nothing to show. */
  readonly answer: unknown;
}

/** A member, another of the same tenant, its admin, the CRM's backend, and whoever runs the service. */
export type CallerName = "member" | "colleague" | "admin" | "service";
