import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";
import { configOf } from "../config.ts";

/** Puts the configuration into the context. Throws, so that every request fails alike, while it isn't valid. */
export const configuration = createMiddleware<AppEnv>(async (c, next) => {
  c.set("config", configOf(c.env));
  await next();
});
