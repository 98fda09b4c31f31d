import { createMiddleware } from "hono/factory";
import { errors, jwtVerify } from "jose";
import { z } from "zod";
import { AppError } from "#contract/errors.ts";
import type { Identity } from "#contract/ids.ts";
import { Role, TenantId, UserId } from "#contract/ids.ts";
import type { AppEnv } from "../app-env.ts";
import type { Config } from "../config.ts";

const Claims = z.object({ tenant: TenantId, sub: UserId, role: Role });

const CHALLENGE = { "WWW-Authenticate": 'Bearer realm="causeway"' };

function tokenError(code: "TOKEN_MISSING" | "TOKEN_INVALID" | "TOKEN_EXPIRED", cause?: unknown): AppError {
  return new AppError(code, { headers: CHALLENGE, cause });
}

/** What a failed verification answers: which check it was is not told. */
export function asTokenError(cause: unknown): AppError {
  return tokenError(cause instanceof errors.JWTExpired ? "TOKEN_EXPIRED" : "TOKEN_INVALID", cause);
}

/** The token of an `Authorization` header. Throws `TOKEN_MISSING`, or `TOKEN_INVALID` for what is no bearer token. */
export function requireBearer(authorization: string | undefined): string {
  if (authorization === undefined || authorization === "") throw tokenError("TOKEN_MISSING");
  const token = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw tokenError("TOKEN_INVALID");
  return token;
}

const importedSecrets = new WeakMap<Uint8Array, Promise<CryptoKey>>();

/** The key of a secret, imported once: jose would do it for every token, and an upload has one in each request. */
function hmacKey(secret: Uint8Array): Promise<CryptoKey> {
  const known = importedSecrets.get(secret);
  if (known !== undefined) return known;
  const key = crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  importedSecrets.set(secret, key);
  return key;
}

/**
 * Who a bearer token speaks for. Throws `TOKEN_MISSING`, `TOKEN_EXPIRED` or `TOKEN_INVALID`; which check failed is not
 * told. RFC 7519; algorithms other than HS256, `none` above all, are refused before the signature is looked at.
 */
export async function verifyToken(authorization: string | undefined, jwt: Config["jwt"]): Promise<Identity> {
  const token = requireBearer(authorization);
  try {
    const { payload } = await jwtVerify(token, await hmacKey(jwt.secret), {
      algorithms: ["HS256"],
      issuer: jwt.issuer,
      audience: jwt.audience,
      clockTolerance: jwt.leewaySeconds,
      requiredClaims: ["exp", "sub", "tenant", "role"],
    });
    const claims = Claims.parse(payload);
    return { tenantId: claims.tenant, userId: claims.sub, role: claims.role };
  } catch (cause) {
    throw asTokenError(cause);
  }
}

/** Lets only requests with a valid session or service token through. */
export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  c.set("identity", await verifyToken(c.req.header("Authorization"), c.get("config").jwt));
  await next();
});
