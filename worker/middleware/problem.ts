import type { ErrorHandler, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { AppError, asAppError, problemResponse } from "#contract/errors.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { TokenFault, whyRefused } from "./token-refusal.ts";

const ASK_FOR_JSON = "Send the body as JSON, with Content-Type: application/json.";

/** The framework's own refusals, of a body that isn't JSON and the like, are ours. */
function errorOf(error: unknown): AppError {
  if (!(error instanceof HTTPException) || error.status >= 500) return asAppError(error);
  if (error.status === 415)
    return new AppError("CONTENT_TYPE_INVALID", { detail: ASK_FOR_JSON, cause: error });
  return new AppError("REQUEST_INVALID", { detail: error.message, cause: error });
}

/** Answers whatever a handler threw as a problem document; what wasn't thrown on purpose is logged and says nothing. */
export const answerError: ErrorHandler<AppEnv> = (error, c) => {
  const known = explainRefusal(errorOf(error), c);
  if (known.status >= 500) {
    console.error({ event: "request-failed", requestId: c.get("requestId"), error: describe(error) });
  }
  return problemResponse(known, c.get("requestId"));
};

/** Logs why a token was refused, once and without the token; a development stack's answer says it too. */
function explainRefusal(error: AppError, c: AppContext): AppError {
  const { code, headers, cause } = error;
  const isToken = code === "TOKEN_INVALID" || code === "TOKEN_EXPIRED";
  if (!isToken && !(cause instanceof TokenFault)) return error;
  const { jwt, development } = c.get("config");
  const reason = whyRefused(cause, jwt);
  console.warn({ event: "token-refused", requestId: c.get("requestId"), code, reason });
  if (!isToken || !development) return error;
  return new AppError(code, { headers, cause, detail: `${reason}.` });
}

function describe(error: Error): string {
  const { cause } = error;
  const told = cause instanceof Error ? describe(cause) : typeof cause === "string" ? cause : undefined;
  return `${error.stack ?? String(error)}${told === undefined ? "" : ` (cause: ${told})`}`;
}

export const answerNotFound: NotFoundHandler<AppEnv> = (c) =>
  problemResponse(new AppError("ROUTE_NOT_FOUND"), c.get("requestId"));
