import { createMiddleware } from "hono/factory";
import { AppError } from "#contract/errors.ts";
import type { TenantId, UserId } from "#contract/ids.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { effectiveMethod } from "./effective-method.ts";

/**
 * Rate limits (R30), by Cloudflare's binding: counted in each of its locations apart, and nearly exactly. They keep a
 * loop that ran wild, or one tenant's flood, from everybody else; how much is theirs to store is what quotas are for.
 *
 * Never limited: what goes on with an upload (a client that is answered anything but its state to a HEAD forgets where
 * it was, and starts again from nothing), downloads by signed URL (one page may have hundreds of them, and there is no
 * user to count by), OPTIONS, reports and health.
 */

/** As in wrangler.toml: after so long everything may be asked for again. */
export const RATE_LIMIT_PERIOD_SECONDS = 10;

const BINDINGS = {
  creations: { user: "USER_CREATIONS", tenant: "TENANT_CREATIONS" },
  requests: { user: "USER_REQUESTS", tenant: "TENANT_REQUESTS" },
  passwords: { user: "USER_PASSWORDS", tenant: "TENANT_PASSWORDS" },
} as const;

type Counted = keyof typeof BINDINGS;
type Limiters = Pick<Env, (typeof BINDINGS)[Counted]["user" | "tenant"]>;

/** Without the binding there is no limit; nor while it fails: it protects the service and decides about no right. */
async function hasRoom(limiter: RateLimit | undefined, key: string): Promise<boolean> {
  if (limiter === undefined) return true;
  try {
    return (await limiter.limit({ key })).success;
  } catch (error) {
    console.error({ event: "rate-limit-failed", error: String(error) });
    return true;
  }
}

/** Who is counted. */
export interface Counter {
  readonly tenantId: TenantId;
  /** Beside the tenant. */
  readonly one: string | undefined;
}

/** A backend's token speaks for many people; each grant that it gives away is for one. */
function counterOf(c: AppContext): Counter {
  const { tenantId, userId, role } = c.get("identity");
  const grant = c.get("grant");
  if (grant !== undefined) return { tenantId, one: `${tenantId}/grant/${grant.ref.fileId}` };
  return role === "service" ? { tenantId, one: undefined } : counterOfUser(tenantId, userId);
}

export function counterOfUser(tenantId: TenantId, userId: UserId): Counter {
  return { tenantId, one: `${tenantId}/${userId}` };
}

/** Who asks is counted first, so that what one is refused is not taken from the others of the tenant. */
async function isWithin(c: AppContext, counted: Counted, { tenantId, one }: Counter): Promise<boolean> {
  const limiters: Partial<Limiters> = c.env;
  const { user, tenant } = BINDINGS[counted];
  if (one !== undefined && !(await hasRoom(limiters[user], one))) return false;
  return hasRoom(limiters[tenant], tenantId);
}

/**
 * Throws `RATE_LIMITED` when the caller, or their tenant, has asked for too much.
 * @param counter where there is no caller but by what else they have
 */
export async function requireRate(c: AppContext, counted: Counted, counter = counterOf(c)): Promise<void> {
  if (await isWithin(c, counted, counter)) return;
  throw new AppError("RATE_LIMITED", {
    detail: `Too many ${counted} in ${RATE_LIMIT_PERIOD_SECONDS} seconds.`,
    headers: { "Retry-After": String(RATE_LIMIT_PERIOD_SECONDS) },
  });
}

/**
 * Counts what makes an upload: every POST of the route that it is mounted on, whatever another header calls it, since not
 * all of them look at that one; and what is called a POST.
 */
export const limitCreations = createMiddleware<AppEnv>(async (c, next) => {
  const isCreation = c.req.method === "POST" || effectiveMethod(c.req.raw) === "POST";
  if (isCreation) await requireRate(c, "creations");
  await next();
});

/** Counts every request of the route that it is mounted on: for those that `authenticate` doesn't count. */
export const limitRequests = createMiddleware<AppEnv>(async (c, next) => {
  await requireRate(c, "requests");
  await next();
});
