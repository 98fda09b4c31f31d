import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";

/** A caller's id is taken over only if it is harmless in a log and a header. */
const CALLER_ID = /^[\w.:-]{1,64}$/;

/** Gives each request an id, the caller's own if it has one, and says it in the answer. */
export const requestId = createMiddleware<AppEnv>(async (c, next) => {
  const given = c.req.header("X-Request-ID") ?? "";
  const id = CALLER_ID.test(given) ? given : crypto.randomUUID();
  c.set("requestId", id);
  await next();
  c.res.headers.set("X-Request-ID", id);
});
