import type { ErrorHandler, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { AppError, problemResponse } from "#contract/errors.ts";
import type { AppEnv } from "../app-env.ts";

function asAppError(error: unknown): unknown {
  if (!(error instanceof HTTPException) || error.status >= 500) return error;
  // The framework's own refusals: a body that isn't JSON and the like.
  return new AppError("REQUEST_INVALID", { detail: error.message, cause: error });
}

/** Answers whatever a handler threw as a problem document; what wasn't thrown on purpose is logged and says nothing. */
export const answerError: ErrorHandler<AppEnv> = (error, c) => {
  const known = asAppError(error);
  if (!(known instanceof AppError) || known.status >= 500) {
    console.error({ event: "request-failed", requestId: c.get("requestId"), error: describe(error) });
  }
  return problemResponse(known, c.get("requestId"));
};

function describe(error: Error): string {
  const { cause } = error;
  const isTelling = cause instanceof Error || typeof cause === "string";
  return `${error.stack ?? String(error)}${isTelling ? ` (cause: ${String(cause)})` : ""}`;
}

export const answerNotFound: NotFoundHandler<AppEnv> = (c) =>
  problemResponse(new AppError("ROUTE_NOT_FOUND"), c.get("requestId"));
