import type { ERRORS, ErrorCode, Problem } from "#contract/errors.ts";

const LOCAL_TITLES = {
  FILE_UNREADABLE: "The file can't be read any more",
  TOKEN_UNAVAILABLE: "No valid sign-in could be had",
  CONNECTION_LOST: "The server did not answer",
  REQUEST_TOO_LONG: "Something on the way doesn't take requests of this length",
  UPLOAD_ELSEWHERE: "Another tab is sending this file",
  FILE_NEEDED: "The file has to be chosen again",
  FILE_PERMISSION_DENIED: "The file may not be read without permission",
  DIGEST_MISMATCH: "What the server has isn't what was sent",
  DIGEST_UNKNOWN: "The server couldn't say what it has",
} as const;

/** Codes of problems that the client itself finds; all others are the server's. */
export type LocalProblemCode = keyof typeof LOCAL_TITLES;

/** A problem that no server answered. Its status is 0. */
export function localProblem(code: LocalProblemCode, detail?: string): Problem {
  const base = { type: "about:blank", title: LOCAL_TITLES[code], status: 0, code };
  return detail === undefined ? base : { ...base, detail };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  return (
    "code" in value && typeof value.code === "string" && "title" in value && typeof value.title === "string"
  );
}

/**
 * The problem document (RFC 9457) of an error answer. An answer without one, from a proxy or to a HEAD, which has no
 * body, becomes a problem with the code `HTTP_<status>`.
 */
export function parseProblem(status: number, body: string): Problem {
  const value = parseJson(body);
  if (isProblem(value)) return { ...value, status };
  return { type: "about:blank", title: `The server answered ${status}`, status, code: `HTTP_${status}` };
}

type RetryableCode = {
  [Code in ErrorCode]: (typeof ERRORS)[Code]["retryable"] extends true ? Code : never;
}[ErrorCode];

/** Those of the server's codes that may pass by themselves: all of them, and no others, or this doesn't compile. */
const RETRYABLE: Readonly<Record<RetryableCode, true>> = {
  VARIANT_BEING_MADE: true,
  CONTENT_DIGEST_MISMATCH: true,
  BODY_INCOMPLETE: true,
  UPLOAD_SUPERSEDED: true,
  IDEMPOTENCY_KEY_IN_USE: true,
  FILE_NOT_READY: true,
  RATE_LIMITED: true,
  OPEN_UPLOADS_EXCEEDED: true,
  UPLOAD_CHECKSUM_MISMATCH: true,
  INTERNAL: true,
  STORE_UNAVAILABLE: true,
  SERVICE_UNAVAILABLE: true,
};

/** Of an answer without a problem document: time-outs and faults of what is in between. */
const PASSING_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 530]);

/** Of the client's own, those that somebody has to put right first. */
const FINAL: Readonly<Partial<Record<LocalProblemCode, true>>> = {
  FILE_UNREADABLE: true,
  FILE_NEEDED: true,
  FILE_PERMISSION_DENIED: true,
  DIGEST_UNKNOWN: true,
};

type ServerProblem = {
  [Code in ErrorCode]: Problem & {
    readonly code: Code;
    readonly status: (typeof ERRORS)[Code]["status"];
    readonly retryable: (typeof ERRORS)[Code]["retryable"];
  };
}[ErrorCode];

type LocalProblem = {
  [Code in LocalProblemCode]: Problem & {
    readonly code: Code;
    readonly status: 0;
    readonly retryable: boolean;
  };
}[LocalProblemCode];

/**
 * What went wrong, told apart by `code`: one of the API's (`#contract/errors.ts`), one of the client's own with the status
 * 0, or `HTTP_<status>` where whoever answered wasn't the API. `retryable` is whether the same call may succeed later
 * without being changed. A server that is newer than this client may answer codes that aren't here.
 */
export type ApiProblem =
  | ServerProblem
  | LocalProblem
  | (Problem & { readonly code: `HTTP_${number}`; readonly retryable: boolean });

function isRetryable({ status, code }: Problem): boolean {
  if (Object.hasOwn(RETRYABLE, code)) return true;
  if (status === 0) return !Object.hasOwn(FINAL, code);
  return code === `HTTP_${status}` && PASSING_STATUSES.has(status);
}

interface ApiErrorOptions {
  readonly cause?: unknown;
  /** What the answer's `Retry-After` said. */
  readonly retryAfterMs?: number | undefined;
}

/** Thrown by every call for every error answer, and for no answer (`problem.status` 0). */
export class ApiError extends Error {
  readonly problem: ApiProblem;
  /** When to ask again, in milliseconds from the answer, where it said. */
  readonly retryAfterMs: number | undefined;

  constructor(problem: Problem, { cause, retryAfterMs }: ApiErrorOptions = {}) {
    super(`${problem.code}: ${problem.detail ?? problem.title}`, { cause });
    this.name = "ApiError";
    // The server's codes are its contract's: what it answers is believed, as its records are.
    this.problem = { ...problem, retryable: isRetryable(problem) } as ApiProblem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether an error says nothing of what was asked: nobody answered, too many asked, or something is out of order. */
export function isPassing(error: unknown): error is ApiError {
  if (!(error instanceof ApiError)) return false;
  const { status, retryable } = error.problem;
  return retryable && (status === 0 || status === 429 || status >= 500);
}
