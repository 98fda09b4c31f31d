import { errors } from "jose";
import { AppError, ERRORS } from "#contract/errors.ts";
import type { TokenConfig } from "../token-config.ts";

/** What is wrong with a token, in words that have nothing of the token in them but names of claims. */
export class TokenFault extends Error {}

const REALM = 'Bearer realm="causeway"';

type TokenErrorCode = "TOKEN_MISSING" | "TOKEN_INVALID" | "TOKEN_EXPIRED";

/** RFC 6750, 3: who showed no token is told no error, and who did which kind it is, in quoted strings. */
function challengeOf(code: TokenErrorCode): string {
  if (code === "TOKEN_MISSING") return REALM;
  return `${REALM}, error="invalid_token", error_description="${ERRORS[code].title}"`;
}

export function tokenError(code: TokenErrorCode, cause?: unknown): AppError {
  return new AppError(code, { headers: { "WWW-Authenticate": challengeOf(code) }, cause });
}

/** What a failed verification answers: which check it was is for the log, and for a development stack's answer. */
export function asTokenError(cause: unknown): AppError {
  return tokenError(cause instanceof errors.JWTExpired ? "TOKEN_EXPIRED" : "TOKEN_INVALID", cause);
}

/** Of the configuration: what a session's token has to say. */
type ExpectedClaims = Pick<TokenConfig, "issuer" | "audience">;

/** By jose's own codes: its messages may quote the token. */
const FAULTS: Readonly<Record<string, string>> = {
  [errors.JWTExpired.code]: "exp: is over",
  [errors.JWSSignatureVerificationFailed.code]: "signature: is by another key than the configured one",
  [errors.JOSEAlgNotAllowed.code]: "alg: is none of JWT_ALGORITHMS, or has no key",
  [errors.JWKSNoMatchingKey.code]: "kid: no key of JWT_JWKS_URL is for it",
  [errors.JWKSMultipleMatchingKeys.code]: "kid: is missing, and more than one key of JWT_JWKS_URL fits",
};

/** What a claim has to be, and where that is configured. */
function expectedOf(claim: string, { issuer, audience }: ExpectedClaims): string | undefined {
  if (claim === "iss") return `"${issuer}" (JWT_ISSUER)`;
  if (claim === "aud") return `${audience.map((each) => `"${each}"`).join(" or ")} (JWT_AUDIENCE)`;
  return undefined;
}

function claimFault({ claim, reason }: errors.JWTClaimValidationFailed, expected: ExpectedClaims): string {
  if (claim === "nbf" && reason !== "missing") return "nbf: is still to come";
  const wanted = expectedOf(claim, expected);
  const isMissing = reason === "missing";
  if (wanted === undefined) return `${claim}: is ${isMissing ? "missing" : "not valid"}`;
  return `${claim}: ${isMissing ? "is missing, and has to be" : "isn't"} ${wanted}`;
}

/** The reason of a refusal, by the cause of its error. */
export function whyRefused(cause: unknown, expected: ExpectedClaims): string {
  if (cause instanceof TokenFault) return cause.message;
  if (cause instanceof errors.JWTClaimValidationFailed) return claimFault(cause, expected);
  const known = cause instanceof errors.JOSEError ? FAULTS[cause.code] : undefined;
  return known ?? "It is no token that can be read";
}
