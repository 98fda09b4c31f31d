import { createMiddleware } from "hono/factory";
import { decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { UploadGrant } from "#contract/api.ts";
import { grantedVersion, UploadGrantScope } from "#contract/api.ts";
import { FileId, TenantId, UserId } from "#contract/ids.ts";
import type { AppEnv } from "../app-env.ts";
import type { Config } from "../config.ts";
import { recallToken, requireBearer, verifyToken } from "./authenticate.ts";
import { asTokenError, TokenFault } from "./token-refusal.ts";

/**
 * Upload grants as tokens (R10): JWTs of our own making, signed by the first of the signing keys, verified by any.
 * Three things each keep a grant from being taken for a session, and a session for a grant: the key, the audience and
 * the type in the header (RFC 8725, 3.11). A grant names no role either.
 */

const TOKEN_TYPE = "causeway-grant+jwt";
const AUDIENCE = "causeway-upload-grant";

const Claims = z.object({
  tenant: TenantId,
  sub: UserId,
  /** The id of the file that the one upload becomes. */
  jti: FileId,
  scope: UploadGrantScope,
  exp: z.int(),
});

type Keys = Pick<Config, "signingKeys" | "jwt">;

function secretOf(kid: unknown, { signingKeys }: Keys): Uint8Array {
  const key = signingKeys.find((candidate) => candidate.kid === kid);
  if (key === undefined) throw new TokenFault("kid: no key of SIGNED_URL_KEYS is for it");
  return new TextEncoder().encode(key.secret);
}

/** A grant's token. */
export async function signUploadGrant(grant: UploadGrant, keys: Keys): Promise<string> {
  const kid = keys.signingKeys[0]?.kid;
  if (kid === undefined) throw new Error("There is no signing key.");
  const { tenantId, userId } = grant.identity;
  return new SignJWT({ tenant: tenantId, scope: grant.scope })
    .setProtectedHeader({ alg: "HS256", typ: TOKEN_TYPE, kid })
    .setIssuer(keys.jwt.issuer)
    .setAudience(AUDIENCE)
    .setSubject(userId)
    .setJti(grant.ref.fileId)
    .setIssuedAt()
    .setExpirationTime(Math.floor(grant.expiresAtMs / 1000))
    .sign(secretOf(kid, keys));
}

/** Throws `TOKEN_EXPIRED` or `TOKEN_INVALID`. No leeway: the clocks that sign and verify are the same. */
async function verifyUploadGrant(token: string, keys: Keys): Promise<UploadGrant> {
  try {
    const { payload } = await jwtVerify(token, ({ kid }) => secretOf(kid, keys), {
      algorithms: ["HS256"],
      typ: TOKEN_TYPE,
      issuer: keys.jwt.issuer,
      audience: AUDIENCE,
      requiredClaims: ["exp"],
    });
    const { tenant, sub, jti, scope, exp } = Claims.parse(payload);
    const identity = { tenantId: tenant, userId: sub, role: "member" } as const;
    return { identity, ref: grantedVersion(tenant, jti), scope, expiresAtMs: exp * 1000 };
  } catch (cause) {
    throw asTokenError(cause);
  }
}

/** Whether a token says that it is a grant. Says nothing of whether it is a good one. */
function claimsToBeGrant(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === TOKEN_TYPE;
  } catch {
    return false;
  }
}

/** Lets requests with a session, a service token or an upload grant through: for the upload resources alone. */
export const authenticateUpload = createMiddleware<AppEnv>(async (c, next) => {
  const authorization = c.req.header("Authorization");
  const token = requireBearer(authorization);
  const { jwt } = c.get("config");
  const known = await recallToken(token, jwt);
  if (known !== undefined || !claimsToBeGrant(token)) {
    c.set("identity", known ?? (await verifyToken(authorization, jwt)));
    return next();
  }
  const grant = await verifyUploadGrant(token, c.get("config"));
  c.set("identity", grant.identity);
  c.set("grant", grant);
  return next();
});
