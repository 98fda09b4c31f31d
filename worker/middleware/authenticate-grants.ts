import { createMiddleware } from "hono/factory";
import type { AppContext, AppEnv } from "../app-env.ts";
import { recallToken, requireBearer, verifyToken } from "./authenticate.ts";
import type { GrantKind } from "./grant-tokens.ts";
import { claimedKind, verifyEntityGrant, verifyUploadGrant } from "./grant-tokens.ts";
import { requireRate } from "./rate-limit.ts";
import { asTokenError } from "./token-refusal.ts";

/**
 * Says who is asking, by a session, a service's token, or a grant of the kinds that are accepted; any other token is none.
 * Throws as `verifyToken`.
 */
async function identify(c: AppContext, accepted: readonly GrantKind[]): Promise<void> {
  const authorization = c.req.header("Authorization");
  const token = requireBearer(authorization);
  const config = c.get("config");
  const known = await recallToken(token, config.jwt);
  const claimed = known === undefined ? claimedKind(token) : undefined;
  const kind = accepted.find((each) => each === claimed);
  if (kind === undefined) {
    c.set("identity", known ?? (await verifyToken(authorization, config.jwt)));
    return;
  }
  try {
    if (kind === "entity") {
      c.set("identity", await verifyEntityGrant(token, config));
      return;
    }
    const grant = await verifyUploadGrant(token, config);
    c.set("identity", grant.identity);
    c.set("grant", grant);
  } catch (cause) {
    throw asTokenError(cause);
  }
}

/** Lets requests with a session, a service token or a grant through: for the upload resources alone. */
export const authenticateUpload = createMiddleware<AppEnv>(async (c, next) => {
  await identify(c, ["upload", "entity"]);
  await next();
});

/** What an upload grant reads: what has become of its upload. */
const VERSION_PATH = /^\/v1\/files\/[^/]+\/versions\/[^/]+$/;

/** Lets requests with a session, a service token or an entity grant through, and no more of them than one may make. */
export const authenticateFiles = createMiddleware<AppEnv>(async (c, next) => {
  const isReading = c.req.method === "GET" || c.req.method === "HEAD";
  const isOfUpload = isReading && VERSION_PATH.test(c.req.path);
  await identify(c, isOfUpload ? ["upload", "entity"] : ["entity"]);
  await requireRate(c, "requests");
  await next();
});
