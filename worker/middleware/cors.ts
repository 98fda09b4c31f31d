import { cors as honoCors } from "hono/cors";
import { EXPOSED_HEADERS, REQUEST_HEADERS, REQUEST_METHODS } from "#contract/tus.ts";

const PREFLIGHT_MAX_AGE_SECONDS = 86_400;

/**
 * Every origin may call: a caller is known by its bearer token, never by a cookie, so another site's page has nothing
 * of the user's to use.
 */
export const cors = honoCors({
  origin: "*",
  allowHeaders: [...REQUEST_HEADERS],
  allowMethods: [...REQUEST_METHODS],
  exposeHeaders: [...EXPOSED_HEADERS],
  maxAge: PREFLIGHT_MAX_AGE_SECONDS,
});
