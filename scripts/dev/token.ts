import { SignJWT } from "jose";
import type { Identity } from "#contract/ids.ts";

/** As wrangler.toml has them. */
const ISSUER = "causeway";
const AUDIENCE = "causeway";

export interface TokenOptions {
  readonly secret: string;
  readonly ttlSeconds: number;
}

/** A session or service token as a CRM would issue it, for the local stack. */
export async function signToken(identity: Identity, { secret, ttlSeconds }: TokenOptions): Promise<string> {
  return new SignJWT({ tenant: identity.tenantId, role: identity.role })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(identity.userId)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + ttlSeconds)
    .sign(new TextEncoder().encode(secret));
}
