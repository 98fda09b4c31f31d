import type { JWTPayload } from "jose";
import type { Role } from "#contract/ids.ts";
import { Identity, TENANT_ID_RULE, USER_ID_RULE } from "#contract/ids.ts";
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

type Part = keyof typeof CLAIMS;

/** What each has to be, in words. */
function ruleOf(part: Part, { roles }: TokenConfig): string {
  if (part === "tenantId") return `A tenant's id ${TENANT_ID_RULE}`;
  if (part === "userId") return `A user's id ${USER_ID_RULE}`;
  return `A role is one of ${[...roles.keys()].join(", ")}, or a list with one of them in it`;
}

/** How a claim isn't what it has to be: its kind, and nothing of what it says. */
function faultIn(claim: unknown, name: string): string {
  if (claim === undefined) return "is missing";
  if (claim === "") return "is empty";
  if (claim === null) return "is null";
  if (typeof claim === "string" || name === "role") return `is no ${name} of ours`;
  if (Array.isArray(claim)) return "is a list, and has to be a text";
  return `is ${typeof claim === "object" ? "an object" : `a ${typeof claim}`}, and has to be a text`;
}

function faultOf(part: Part, claim: unknown, config: TokenConfig): TokenFault {
  const [name, variables] = CLAIMS[part];
  const path = config.claims[name].join("/");
  return new TokenFault(`${path}: ${faultIn(claim, name)} (${variables}). ${ruleOf(part, config)}`);
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
  const part = error?.issues[0]?.path[0] as Part;
  throw faultOf(part, part === "role" ? role : found[part], config);
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
