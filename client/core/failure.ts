import type { Problem } from "#contract/errors.ts";
import { backoffMs, parseRetryAfterMs } from "./backoff.ts";
import { localProblem, parseProblem } from "./problem.ts";
import type { Answer } from "./request.ts";
import { RefusedByRules } from "./rules.ts";
import { FileUnreadable, TokenUnavailable } from "./transport.ts";
import { isGone, UnexpectedAnswer } from "./tus.ts";

/** Why an attempt ended, by what can be done about it. */
export type Failure =
  /** Nothing answered. */
  | { readonly kind: "connection" }
  /** The server asks to come back later. */
  | { readonly kind: "busy"; readonly problem: Problem; readonly retryAfterMs: number | undefined }
  /** May go better next time, but not for ever. */
  | { readonly kind: "temporary"; readonly problem: Problem }
  /** The server does not know this upload any more. */
  | { readonly kind: "gone"; readonly problem: Problem }
  /** Something the user has to put right; what was sent is kept. */
  | { readonly kind: "blocked"; readonly problem: Problem }
  /** The server will never take this file. */
  | { readonly kind: "refused"; readonly problem: Problem };

/** Besides what is out of order (5xx). */
const TEMPORARY = new Set([408, 423, 425]);

/**
 * Whether a request's body was too long, which another length puts right: what is in between refuses it with no problem
 * document. A file that is too large is another 413.
 */
export function isBodyTooLong(error: unknown): boolean {
  if (!(error instanceof UnexpectedAnswer) || error.method !== "PATCH") return false;
  const { status, body } = error.answer;
  return status === 413 && parseProblem(status, body).code !== "FILE_TOO_LARGE";
}

/** What another sign-in, room or address puts right. */
const BLOCKED = new Set([401, 403, 404, 410]);

/** Whether the server gave a reason of its own: only that is final. */
function isToldBy({ status, code }: Problem): boolean {
  return code !== `HTTP_${status}`;
}

function isBusy({ status, code }: Problem, retryAfterMs: number | undefined): boolean {
  // The same creation, whose answer was lost, is still being carried out.
  if (code === "IDEMPOTENCY_KEY_IN_USE") return true;
  return status === 429 || (status === 503 && retryAfterMs !== undefined);
}

function classifyAnswer(method: string, answer: Answer, nowMs: number): Failure {
  const { status } = answer;
  const problem = parseProblem(status, answer.body);
  const retryAfterMs = parseRetryAfterMs(answer.header("Retry-After"), nowMs);
  if (isBusy(problem, retryAfterMs)) return { kind: "busy", problem, retryAfterMs };
  if (isGone(answer)) return { kind: "gone", problem };
  // The offset was wrong: the next attempt asks for the right one. To a creation a 409 is a refusal.
  if (status === 409 && method !== "POST") return { kind: "temporary", problem };
  // A 2xx or 3xx ends here when it is not a tus answer at all, as of a hotel's log-in page.
  if (TEMPORARY.has(status) || status < 400 || status >= 500) return { kind: "temporary", problem };
  const isRefusal = isToldBy(problem) && !BLOCKED.has(status);
  return { kind: isRefusal ? "refused" : "blocked", problem };
}

/** Tells what an attempt's error means. */
export function classifyFailure(error: unknown, nowMs: number): Failure {
  if (isBodyTooLong(error)) return { kind: "temporary", problem: localProblem("REQUEST_TOO_LONG") };
  if (error instanceof UnexpectedAnswer) return classifyAnswer(error.method, error.answer, nowMs);
  if (error instanceof RefusedByRules) return { kind: "refused", problem: error.problem };
  if (error instanceof FileUnreadable) return { kind: "blocked", problem: localProblem("FILE_UNREADABLE") };
  // fetch rejects with a TypeError where nothing answers; getToken is mostly a fetch.
  if (error instanceof TokenUnavailable && !(error.cause instanceof TypeError)) {
    return { kind: "temporary", problem: localProblem("TOKEN_UNAVAILABLE") };
  }
  return { kind: "connection" };
}

/** After so many failures in a row without a byte more on the server, "temporary" is not true any more: some eight hours. */
const MAX_TEMPORARY_FAILURES = 60;
/** As long as a fault of the server's lasts, it is asked ever less often. */
const MAX_TEMPORARY_DELAY_MS = 600_000;

export type NextStep =
  | { readonly kind: "retry"; readonly delayMs: number; readonly problem?: Problem }
  | { readonly kind: "fail"; readonly problem: Problem; readonly forget: boolean }
  | { readonly kind: "refuse"; readonly problem: Problem };

/** @param attempt how many attempts failed in a row, this one included */
export function nextStep(failure: Failure, attempt: number, baseMs: number): NextStep {
  const delayMs = backoffMs(attempt, baseMs);
  switch (failure.kind) {
    case "connection":
      return { kind: "retry", delayMs };
    case "busy":
      return {
        kind: "retry",
        delayMs: Math.max(delayMs, failure.retryAfterMs ?? 0),
        problem: failure.problem,
      };
    case "temporary":
      return attempt > MAX_TEMPORARY_FAILURES
        ? { kind: "fail", problem: failure.problem, forget: false }
        : {
            kind: "retry",
            delayMs: backoffMs(attempt, baseMs, MAX_TEMPORARY_DELAY_MS),
            problem: failure.problem,
          };
    case "gone":
      return { kind: "fail", problem: failure.problem, forget: true };
    case "blocked":
      return { kind: "fail", problem: failure.problem, forget: false };
    case "refused":
      return { kind: "refuse", problem: failure.problem };
  }
}
