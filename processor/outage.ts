import { codeOf, type FailureCode } from "./failure.ts";

/** What all jobs need. It is no job's fault that it is away. */
const NEEDED: ReadonlySet<string> = new Set([
  "STORE_UNAVAILABLE",
  "WORKER_UNAVAILABLE",
] satisfies FailureCode[]);
/** So many jobs fail by the same one, and nothing else happens: then it isn't these jobs. */
const MIN_JOBS = 3;

/** Whether a failure is one of what all jobs need. */
export function isOutage(error: unknown): boolean {
  return NEEDED.has(codeOf(error));
}

/** Knows whether all jobs fail by the same outage. */
export class OutageWatch {
  #code: string | undefined;
  readonly #names = new Set<string>();

  get isOut(): boolean {
    return this.#names.size >= MIN_JOBS;
  }

  /** Notes how a job ended. */
  note(name: string, error?: unknown): void {
    const code = error !== undefined && isOutage(error) ? codeOf(error) : undefined;
    if (code !== this.#code) this.#names.clear();
    this.#code = code;
    if (code !== undefined && !this.isOut) this.#names.add(name);
  }
}
