import { Hono } from "hono";
import { SignJWT } from "jose";
import { z } from "zod";
import { AppError } from "#contract/errors.ts";
import { bareMediaType } from "#contract/file-types.ts";
import type { Identity } from "#contract/ids.ts";
import { Role, TenantId, UserId } from "#contract/ids.ts";
import type { AppEnv } from "../app-env.ts";
import { claimsFor } from "../middleware/claims.ts";
import { TokenFault } from "../middleware/token-refusal.ts";

const TOKEN_SECONDS = 900;

const TokenRequest = z
  .object({ tenant: TenantId, user: UserId, role: Role })
  .transform(({ tenant, user, role }): Identity => ({ tenantId: tenant, userId: user, role }));

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Whether a request was made on this machine and by nobody else's page. A name that leads here is another site's (DNS
 * rebinding), and another port is another's too: browsers say both, by `Origin` and by `Sec-Fetch-Site`.
 */
function isOwn({ url, headers }: Request): boolean {
  const { hostname, origin } = new URL(url);
  const [from, site] = [headers.get("Origin") ?? origin, headers.get("Sec-Fetch-Site") ?? "same-origin"];
  return LOOPBACK_HOSTS.has(hostname) && from === origin && site === "same-origin";
}

/** The identity's claims by the names that this stack's issuer has for them. Throws `REQUEST_INVALID`. */
function requireClaims(identity: Identity, jwt: AppEnv["Variables"]["config"]["jwt"]) {
  try {
    return claimsFor(identity, jwt);
  } catch (cause) {
    throw cause instanceof TokenFault
      ? new AppError("REQUEST_INVALID", { detail: `${cause.message}.`, cause })
      : cause;
  }
}

/**
 * `/v1/dev/token`: a session for the demo page, without asking who it is for. It is there only where `DEVELOPMENT` is
 * set, which the local stack does and a deployment can't, where tokens are verified by that stack's own secret, and only for
 * its own page and for programs; for others it is a route that doesn't exist. JSON alone: any page may send a form.
 */
export const dev = new Hono<AppEnv>().post("/token", async (c) => {
  const { signsTokens, jwt } = c.get("config");
  const secret = jwt.algorithms.includes("HS256") ? jwt.secret : undefined;
  if (!signsTokens || secret === undefined || !isOwn(c.req.raw)) throw new AppError("ROUTE_NOT_FOUND");
  if (bareMediaType(c.req.header("Content-Type") ?? "") !== "application/json") {
    throw new AppError("REQUEST_INVALID", { detail: "The body has to be JSON." });
  }
  const body: unknown = await c.req.json().catch(() => undefined);
  const parsed = TokenRequest.safeParse(body);
  if (!parsed.success) throw new AppError("REQUEST_INVALID");
  const expiresAt = new Date(Date.now() + TOKEN_SECONDS * 1000);
  const token = await new SignJWT(requireClaims(parsed.data, jwt))
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(jwt.issuer)
    .setAudience([...jwt.audience])
    .setIssuedAt()
    .setExpirationTime(expiresAt)
    .sign(secret);
  return c.json({ token, expiresAt: expiresAt.toISOString() });
});
