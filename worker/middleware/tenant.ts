import { createMiddleware } from "hono/factory";
import type { AppContext, AppEnv } from "../app-env.ts";
import { admitTenant, admitUploading } from "../services/tenants.ts";
import { effectiveMethod } from "./effective-method.ts";

/**
 * Lets only requests of tenants through that aren't being erased, and says what is otherwise for this one. Comes after
 * whatever says who is asking. Throws `TENANT_ERASING`.
 */
export const tenant = createMiddleware<AppEnv>(async (c, next) => {
  await admitBy(admitTenant, c);
  await next();
});

/** The same for the upload resources: what is sent to an upload that is there goes on without the database. */
export const uploadTenant = createMiddleware<AppEnv>(async (c, next) => {
  await admitBy(effectiveMethod(c.req.raw) === "POST" ? admitTenant : admitUploading, c);
  await next();
});

async function admitBy(admit: typeof admitTenant, c: AppContext): Promise<void> {
  const { tenantId } = c.get("identity");
  const { tenantCacheMs: maxAgeMs } = c.get("config");
  c.set("tenantSettings", await admit(c.env, tenantId, { maxAgeMs, nowMs: Date.now() }));
}
