import { cors as honoCors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { EXPOSED_HEADERS, REQUEST_HEADERS, REQUEST_METHODS } from "#contract/tus.ts";
import type { AppEnv } from "../app-env.ts";

const PREFLIGHT_MAX_AGE_SECONDS = 86_400;

const ORIGIN = "*";
const EXPOSED = EXPOSED_HEADERS.join(",");

const answerPreflight = honoCors({
  origin: ORIGIN,
  allowHeaders: [...REQUEST_HEADERS],
  allowMethods: [...REQUEST_METHODS],
  exposeHeaders: [...EXPOSED_HEADERS],
  maxAge: PREFLIGHT_MAX_AGE_SECONDS,
});

/**
 * Every origin may call: a caller is known by its bearer token, never by a cookie, so another site's page has nothing
 * of the user's to use. Leaves an answer whose headers can still be changed, for whatever stands before it.
 */
export const cors = createMiddleware<AppEnv>(async (c, next) => {
  if (c.req.method === "OPTIONS") return answerPreflight(c, next);
  await next();
  // The framework's own sets them before there is an answer, which makes two of each. That of an object, or of the
  // cache, can't be changed: this is the one copy of it.
  const answer = new Response(c.res.body, c.res);
  answer.headers.set("Access-Control-Allow-Origin", ORIGIN);
  answer.headers.set("Access-Control-Expose-Headers", EXPOSED);
  c.res = undefined;
  c.res = answer;
  return undefined;
});
