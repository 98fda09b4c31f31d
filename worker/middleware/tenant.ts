import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";
import { admitTenant } from "../services/tenants.ts";

/**
 * Lets only requests of tenants through that aren't being erased, and says what is otherwise for this one. Comes after
 * whatever says who is asking. Throws `TENANT_ERASING`.
 */
export const tenant = createMiddleware<AppEnv>(async (c, next) => {
  const { tenantId } = c.get("identity");
  const { tenantCacheMs: maxAgeMs } = c.get("config");
  c.set("tenantSettings", await admitTenant(c.env, tenantId, { maxAgeMs, nowMs: Date.now() }));
  await next();
});
