import type { Problem } from "#contract/errors.ts";

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
