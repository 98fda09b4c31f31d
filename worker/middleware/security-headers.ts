import { createMiddleware } from "hono/factory";
import { isLoopback } from "#contract/safe-urls.ts";
import type { AppEnv } from "../app-env.ts";

const JSON_TYPE = /^application\/[\w.+-]*json\b/;
const YEAR_SECONDS = 31_536_000;

/**
 * What is said with every answer, a refusal too. JSON is about one caller, so that nobody keeps it, but for what says
 * otherwise itself: the API's document, and a file's own bytes.
 */
export const securityHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  const { headers } = c.res;
  if (JSON_TYPE.test(headers.get("Content-Type") ?? "")) {
    headers.set("X-Content-Type-Options", "nosniff");
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  }
  const url = new URL(c.req.url);
  // RFC 6797, 7.2: not by http. On loopback a browser would hold everything else of the developer's to it.
  if (url.protocol !== "https:" || isLoopback(url)) return;
  headers.set("Strict-Transport-Security", `max-age=${YEAR_SECONDS}; includeSubDomains`);
});
