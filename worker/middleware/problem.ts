import type { ErrorHandler, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { AppError, asAppError, problemResponse } from "#contract/errors.ts";
import type { AppEnv } from "../app-env.ts";

/** The framework's own refusals, of a body that isn't JSON and the like, are ours. */
function errorOf(error: unknown): AppError {
  if (!(error instanceof HTTPException) || error.status >= 500) return asAppError(error);
  return new AppError("REQUEST_INVALID", { detail: error.message, cause: error });
}

/** Answers whatever a handler threw as a problem document; what wasn't thrown on purpose is logged and says nothing. */
export const answerError: ErrorHandler<AppEnv> = (error, c) => {
  const known = errorOf(error);
  if (known.status >= 500) {
    console.error({ event: "request-failed", requestId: c.get("requestId"), error: describe(error) });
  }
  return problemResponse(known, c.get("requestId"));
};

function describe(error: Error): string {
  const { cause } = error;
  const told = cause instanceof Error ? describe(cause) : typeof cause === "string" ? cause : undefined;
  return `${error.stack ?? String(error)}${told === undefined ? "" : ` (cause: ${told})`}`;
}

export const answerNotFound: NotFoundHandler<AppEnv> = (c) =>
  problemResponse(new AppError("ROUTE_NOT_FOUND"), c.get("requestId"));
