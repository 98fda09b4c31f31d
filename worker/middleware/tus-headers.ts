import { createMiddleware } from "hono/factory";
import { TUS_VERSION } from "#contract/tus.ts";
import type { AppEnv } from "../app-env.ts";

/** What the upload routes can do of tus 1.0, and nothing else. */
const TUS_EXTENSIONS = "creation,creation-with-upload,termination";

/** tus 1.0: every answer says the version, and OPTIONS what there is. */
export const tusHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  c.res.headers.set("Tus-Resumable", TUS_VERSION);
  if (c.req.method !== "OPTIONS" && c.res.status !== 412) return;
  c.res.headers.set("Tus-Version", TUS_VERSION);
  c.res.headers.set("Tus-Extension", TUS_EXTENSIONS);
  c.res.headers.set("Tus-Max-Size", String(c.get("config").maxUploadBytes));
});
