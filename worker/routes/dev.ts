import { Hono } from "hono";
import { SignJWT } from "jose";
import { z } from "zod";
import { AppError } from "#contract/errors.ts";
import { bareMediaType } from "#contract/file-types.ts";
import { Role, TenantId, UserId } from "#contract/ids.ts";
import type { AppEnv } from "../app-env.ts";

const TOKEN_SECONDS = 900;

const TokenRequest = z.object({ tenant: TenantId, user: UserId, role: Role });

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

/**
 * `/v1/dev/token`: a session for the demo page, without asking who it is for. It is there only where `DEVELOPMENT` is
 * set, which the local stack does and a deployment can't, and only for that stack's own page and for programs; for others
 * it is a route that doesn't exist. JSON alone: any page may send a form.
 */
export const dev = new Hono<AppEnv>().post("/token", async (c) => {
  const { development, jwt } = c.get("config");
  if (!development || jwt.secret === undefined || !isOwn(c.req.raw)) throw new AppError("ROUTE_NOT_FOUND");
  if (bareMediaType(c.req.header("Content-Type") ?? "") !== "application/json") {
    throw new AppError("REQUEST_INVALID", { detail: "The body has to be JSON." });
  }
  const body: unknown = await c.req.json().catch(() => undefined);
  const parsed = TokenRequest.safeParse(body);
  if (!parsed.success) throw new AppError("REQUEST_INVALID");
  const expiresAt = new Date(Date.now() + TOKEN_SECONDS * 1000);
  const token = await new SignJWT({ tenant: parsed.data.tenant, role: parsed.data.role })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(parsed.data.user)
    .setIssuer(jwt.issuer)
    .setAudience([...jwt.audience])
    .setIssuedAt()
    .setExpirationTime(expiresAt)
    .sign(jwt.secret);
  return c.json({ token, expiresAt: expiresAt.toISOString() });
});
