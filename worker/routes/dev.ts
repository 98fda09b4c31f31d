import { Hono } from "hono";
import { SignJWT } from "jose";
import { z } from "zod";
import { AppError } from "#contract/errors.ts";
import { Role, TenantId, UserId } from "#contract/ids.ts";
import type { AppEnv } from "../app-env.ts";

const TOKEN_SECONDS = 900;

const TokenRequest = z.object({ tenant: TenantId, user: UserId, role: Role });

/**
 * `/v1/dev/token`: a session for the demo page, without asking who it is for. It is there only where `DEVELOPMENT` is
 * set, which the local stack does and a deployment never should; elsewhere it is a route that doesn't exist.
 */
export const dev = new Hono<AppEnv>().post("/token", async (c) => {
  const { development, jwt } = c.get("config");
  if (!development || jwt.secret === undefined) throw new AppError("ROUTE_NOT_FOUND");
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
