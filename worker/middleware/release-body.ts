import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";

/** Lets go of a body that was refused unread: left alone, it stalls the connection's next request. */
export const releaseBody = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  const { body } = c.req.raw;
  if (body !== null && !body.locked && !c.req.raw.bodyUsed) await body.cancel();
});
