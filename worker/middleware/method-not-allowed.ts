import type { Hono } from "hono";
import { methodNotAllowed as ofHono } from "hono/method-not-allowed";
import { methodError, problemResponse } from "#contract/errors.ts";
import type { AppEnv } from "../app-env.ts";

/** Answers 405 where a path of `app` has other methods than the one that was asked for; the framework says 404. */
export function methodNotAllowed(app: Hono<AppEnv>) {
  return ofHono({
    app,
    onMethodNotAllowed: (c, methods) => problemResponse(methodError(methods), c.get("requestId")),
  });
}
