import { createMiddleware } from "hono/factory";
import { AppError } from "#contract/errors.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { recallToken, requireBearer, verifyToken } from "./authenticate.ts";
import type { GrantKind } from "./grant-tokens.ts";
import { claimedKind, verifyEntityGrant, verifyUploadGrant } from "./grant-tokens.ts";
import { requireRate } from "./rate-limit.ts";
import { asTokenError, TokenFault } from "./token-refusal.ts";

/** Where a grant of each kind is taken, for whoever shows it elsewhere. */
const PLACES: Readonly<Record<GrantKind, string>> = {
  upload:
    "This is an upload grant: it is for its upload at /v1/uploads, for GET /v1/upload-rules and for " +
    "GET /v1/files/{fileId}/versions/{version} of what it has sent.",
  entity:
    "This is an entity grant: it is for /v1/files, /v1/uploads, /v1/signed-urls and the like, of its entity.",
};

async function useGrant(c: AppContext, kind: GrantKind, token: string): Promise<void> {
  const config = c.get("config");
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

/**
 * Says who is asking, by a session, a service's token, or a grant of the kinds that are accepted. Throws as `verifyToken`,
 * and `GRANT_SCOPE` for a grant of ours that is for another place.
 */
async function identify(c: AppContext, accepted: readonly GrantKind[]): Promise<void> {
  const authorization = c.req.header("Authorization");
  const token = requireBearer(authorization);
  const { jwt } = c.get("config");
  const known = await recallToken(token, jwt);
  const kind = known === undefined ? claimedKind(token) : undefined;
  if (kind === undefined) {
    c.set("identity", known ?? (await verifyToken(authorization, jwt)));
    return;
  }
  await useGrant(c, kind, token);
  if (!accepted.includes(kind)) {
    const cause = new TokenFault(`typ: is that of a grant (${kind}), which is for another place`);
    throw new AppError("GRANT_SCOPE", { detail: PLACES[kind], cause });
  }
}

/** Lets only requests with a session or a service token through, and no more of them than one may make. */
export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  await identify(c, []);
  await requireRate(c, "requests");
  await next();
});

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
