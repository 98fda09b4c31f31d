import { jwtVerify } from "jose";
import { AppError } from "#contract/errors.ts";
import type { Identity } from "#contract/ids.ts";
import type { Config } from "../config.ts";
import { identityOf } from "./claims.ts";
import { keyFor } from "./token-keys.ts";
import { asTokenError, TokenFault, tokenError } from "./token-refusal.ts";
import { VerifiedTokens } from "./verified-tokens.ts";

/** The token of an `Authorization` header. Throws `TOKEN_MISSING`, or `TOKEN_INVALID` for what is no bearer token. */
export function requireBearer(authorization: string | undefined): string {
  if (authorization === undefined || authorization === "") throw tokenError("TOKEN_MISSING");
  const token = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization)?.[1];
  if (token === undefined) {
    throw tokenError("TOKEN_INVALID", new TokenFault('Authorization: is not "Bearer" and one token'));
  }
  return token;
}

const verifiedTokens = new VerifiedTokens({ nowMs: Date.now, keyFor });

/** Who a session's or service's token speaks for, if it was verified here before and would be again. */
export function recallToken(token: string, jwt: Config["jwt"]): Promise<Identity | undefined> {
  return verifiedTokens.recall(token, jwt);
}

/** Types of our own tokens (`causeway-grant+jwt`), which are never a session whatever signs them. RFC 8725, 3.11. */
const OWN_TYPE = /^(?:application\/)?causeway-/i;

/**
 * Who a bearer token speaks for. Throws `TOKEN_MISSING`, `TOKEN_EXPIRED` or `TOKEN_INVALID`; which check failed is for
 * the log. `SERVICE_UNAVAILABLE` where that can't be known at the moment. RFC 7519; algorithms other than those configured,
 * `none` above all, are refused before the signature is looked at.
 */
export async function verifyToken(authorization: string | undefined, jwt: Config["jwt"]): Promise<Identity> {
  const token = requireBearer(authorization);
  try {
    return (await recallToken(token, jwt)) ?? (await verify(token, jwt));
  } catch (cause) {
    throw cause instanceof AppError ? cause : asTokenError(cause);
  }
}

const TEN_YEARS_SECONDS = 10 * 366 * 24 * 3600;

/** Milliseconds, as `Date.now()` has them, would be taken for a year far ahead. RFC 7519, section 2: NumericDate. */
function requireSeconds(expiresAt: number): void {
  if (expiresAt < Date.now() / 1000 + TEN_YEARS_SECONDS) return;
  throw new TokenFault(
    "exp: is more than ten years ahead. It is told in seconds since 1970, not in milliseconds",
  );
}

async function verify(token: string, jwt: Config["jwt"]): Promise<Identity> {
  const { payload, protectedHeader, key } = await jwtVerify(token, (header) => keyFor(header, jwt), {
    algorithms: [...jwt.algorithms],
    issuer: jwt.issuer,
    audience: [...jwt.audience],
    clockTolerance: jwt.leewaySeconds,
    requiredClaims: ["exp"],
  });
  if (OWN_TYPE.test(protectedHeader.typ ?? ""))
    throw new TokenFault("typ: is that of a grant, which is no session");
  const { exp: expiresAt = 0 } = payload;
  requireSeconds(expiresAt);
  const identity = identityOf(payload, jwt);
  verifiedTokens.remember(token, { identity, header: protectedHeader, key, expiresAt }, jwt);
  return identity;
}
