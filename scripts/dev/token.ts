import { SignJWT } from "jose";
import type { Identity } from "#contract/ids.ts";
import { claimsFor } from "../../worker/middleware/claims.ts";
import { tokenConfigOf } from "../../worker/token-config.ts";
import type { TokenSettings } from "./token-settings.ts";
import { parseTokenVariables } from "./token-settings.ts";

export interface TokenOptions {
  /** The stack's own, where its settings name no other. */
  readonly secret: string;
  readonly ttlSeconds: number;
  /** What the stack was told of its issuer. */
  readonly settings?: TokenSettings;
}

/**
 * A session or service token as a CRM would issue it, for the local stack. Throws a sentence where that stack takes none
 * that can be made here.
 */
export async function signToken(
  identity: Identity,
  { secret, ttlSeconds, settings = {} }: TokenOptions,
): Promise<string> {
  const config = tokenConfigOf(parseTokenVariables({ JWT_SECRET: secret, ...settings }));
  if (config.secret === undefined || !config.algorithms.includes("HS256")) {
    throw new Error(
      "The stack takes no tokens by a shared secret (JWT_SECRET is empty, or JWT_ALGORITHMS is without HS256): its " +
        "tokens are from the issuer whose keys are at JWT_JWKS_URL.",
    );
  }
  return new SignJWT(claimsFor(identity, config))
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(config.issuer)
    .setAudience([...config.audience])
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + ttlSeconds)
    .sign(config.secret);
}
