import { createMiddleware } from "hono/factory";
import { isLoopback } from "#contract/safe-urls.ts";
import type { AppEnv } from "../app-env.ts";
import { configOf } from "../config.ts";

/**
 * Puts the configuration into the context. Throws, so that every request fails alike, while it isn't valid: of a
 * deployment, which is what isn't on loopback, it has to say where that is.
 */
export const configuration = createMiddleware<AppEnv>(async (c, next) => {
  const config = configOf(c.env);
  if (config.publicOrigin === undefined && !isLoopback(new URL(c.req.url))) {
    throw new Error("Configuration is not valid:\nPUBLIC_ORIGIN: is missing, and this isn't loopback");
  }
  c.set("config", config);
  await next();
});
