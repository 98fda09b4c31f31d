import type { JWTPayload } from "jose";
import type { Role } from "#contract/ids.ts";
import { Identity } from "#contract/ids.ts";
import type { ClaimPath, TokenConfig } from "../token-config.ts";
import { TokenFault } from "./token-refusal.ts";

/** An admin may whatever a service may, and a service whatever a member may. */
const STRONGEST_FIRST = ["admin", "service", "member"] as const satisfies readonly Role[];

/** What is at the path. Own members alone: a pointer leads into a token, not into JavaScript. */
function readClaim(payload: JWTPayload, path: ClaimPath): unknown {
  let value: unknown = payload;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/** The role that a claim names; the strongest one that we know of a list of them. */
function roleOf(claim: unknown, roles: TokenConfig["roles"]): Role | undefined {
  const names: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const known = new Set(names.map((name) => (typeof name === "string" ? roles.get(name) : undefined)));
  return STRONGEST_FIRST.find((role) => known.has(role));
}

/** The claim of each part of an identity that a token has, and the variable that says which it is. */
const CLAIMS = {
  tenantId: ["tenant", "JWT_TENANT_CLAIM"],
  userId: ["user", "JWT_USER_CLAIM"],
  role: ["role", "JWT_ROLE_CLAIM, JWT_ROLES"],
} as const satisfies Partial<Record<keyof Identity, readonly [keyof TokenConfig["claims"], string]>>;

function faultOf(part: unknown, { claims }: TokenConfig, isMissing: boolean): TokenFault {
  const [claim, variables] = CLAIMS[part as keyof typeof CLAIMS];
  const path = claims[claim].join("/");
  return new TokenFault(`${path}: ${isMissing ? "is missing" : `is no ${claim} of ours`} (${variables})`);
}

/**
 * Who a verified token speaks for. Throws `TokenFault` where a claim is missing, is nothing of ours, or names no role
 * that we know.
 */
export function identityOf(payload: JWTPayload, config: TokenConfig): Identity {
  const { claims, roles } = config;
  const role = readClaim(payload, claims.role);
  const found = {
    tenantId: readClaim(payload, claims.tenant),
    userId: readClaim(payload, claims.user),
    role: roleOf(role, roles),
  };
  const { data, error } = Identity.safeParse(found);
  if (data !== undefined) return data;
  const part = error?.issues[0]?.path[0];
  const claim = part === "role" ? role : found[part as "tenantId" | "userId"];
  throw faultOf(part, config, claim === undefined);
}

type Claims = Readonly<Record<string, unknown>>;

function withClaim(claims: Claims, [name = "", ...inner]: ClaimPath, value: unknown): Claims {
  const before = claims[name];
  const within = typeof before === "object" && before !== null ? (before as Claims) : {};
  return { ...claims, [name]: inner.length === 0 ? value : withClaim(within, inner, value) };
}

/** What an issuer would say of an identity: the inverse of `identityOf`. Throws where it has no name for the role. */
export function claimsFor({ tenantId, userId, role }: Identity, { claims, roles }: TokenConfig): JWTPayload {
  const named = [...roles].find(([, ours]) => ours === role)?.[0];
  if (named === undefined) throw new TokenFault(`JWT_ROLES has no name for the role ${role}`);
  const withTenant = withClaim({}, claims.tenant, tenantId);
  return withClaim(withClaim(withTenant, claims.user, userId), claims.role, named);
}
