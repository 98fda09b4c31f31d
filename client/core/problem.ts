import type { Problem } from "#contract/errors.ts";

const LOCAL_TITLES = {
  FILE_UNREADABLE: "The file can't be read any more",
  TOKEN_UNAVAILABLE: "No valid sign-in could be had",
  CONNECTION_LOST: "The server did not answer",
  UPLOAD_ELSEWHERE: "Another tab is sending this file",
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

/** Thrown by the files client for every error answer, and for no answer (`problem.status` 0). */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options: { cause?: unknown } = {}) {
    super(`${problem.code}: ${problem.detail ?? problem.title}`, options);
    this.name = "ApiError";
    this.problem = problem;
  }
}
