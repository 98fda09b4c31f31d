/**
 * What can keep a job from being done. A verdict, an obsolete job and a picture that can't be read are data; these are
 * the faults of the machinery around it, and all but one of them mean that the job is tried again.
 */
export const FAILURES = {
  SCANNER_UNAVAILABLE: "The scanner did not give a whole and certain answer",
  CHOSEN_SCANNER_UNAVAILABLE: "The virus scanner that the tenant has chosen does not answer",
  SCANNER_NOT_CONFIGURED: "The virus scanner that the tenant has chosen is not set up here",
  STORE_UNAVAILABLE: "The object store did not answer as it should",
  WORKER_UNAVAILABLE: "The worker did not take a report",
  QUEUE_UNAVAILABLE: "The queue did not answer as it should",
  OBJECT_LOST: "The object store has lost the file, which is being made again of a copy",
  COPY_UNREADABLE: "A replica target did not give its copy",
  COPY_MISMATCH: "A copy at a replica target has other bytes than the record says",
  LANE_FULL: "As much waits for work of this kind as may",
  SCRATCH_FULL: "There is no room to copy the file to at the moment",
  TOOL_BROKEN_OFF: "A program that reads files was ended early, or took too long",
  TOOL_INSTALLING: "A program that is needed is still being installed",
  COPY_UNFINISHED: "A copy takes longer than one job may",
} as const;

export type FailureCode = keyof typeof FAILURES;

/** Faults of nobody: the job is only early. */
const POSTPONEMENTS: ReadonlySet<string> = new Set([
  "LANE_FULL",
  "SCRATCH_FULL",
  "TOOL_INSTALLING",
  "CHOSEN_SCANNER_UNAVAILABLE",
  "COPY_UNFINISHED",
] satisfies FailureCode[]);

interface FailureOptions {
  /** For the log: never a key, a file name or a token. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** When trying again is worth it, where that is known. */
  readonly retryAfterSeconds?: number;
}

/** The only error that the processor throws on purpose. */
export class ProcessorFailure extends Error {
  readonly code: FailureCode;
  readonly detail: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: FailureCode, { detail = FAILURES[code], cause, retryAfterSeconds }: FailureOptions = {}) {
    super(`${code}: ${detail}`, { cause });
    this.name = "ProcessorFailure";
    this.code = code;
    this.detail = detail;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What it is in metrics, logs and reports. */
export function codeOf(error: unknown): FailureCode | "UNEXPECTED" {
  return error instanceof ProcessorFailure ? error.code : "UNEXPECTED";
}

/** Whether the job only came too early: that is no failure. */
export function isPostponement(error: unknown): boolean {
  return POSTPONEMENTS.has(codeOf(error));
}

/** Whether only somebody who changes something can help: the job waits for that. */
export function isForPeople(error: unknown): boolean {
  return codeOf(error) === "SCANNER_NOT_CONFIGURED";
}

/** A sentence for people, without anything of the file or the machine in it. */
export function explainFailure(error: unknown): string {
  const code = codeOf(error);
  return code === "UNEXPECTED" ? "Something happened that the processor doesn't know." : `${FAILURES[code]}.`;
}

/** The name and message of anything that was thrown, cut to what a log line or a report can hold. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, 300);
}
