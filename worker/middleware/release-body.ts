import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";
import { releaseUnreadBody } from "../unread-body.ts";

/** Lets go of the body of a request that was answered without reading it. */
export const releaseBody = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  await releaseUnreadBody(c.req.raw);
});
