import type { JWTPayload } from "jose";
import { decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { UploadGrant } from "#contract/api.ts";
import { UploadGrantScope } from "#contract/api.ts";
import type { GrantedIdentity } from "#contract/entity-grants.ts";
import { EntityGrantScope } from "#contract/entity-grants.ts";
import { FileId, TenantId, UserId } from "#contract/ids.ts";
import type { Config } from "../config.ts";
import { TokenFault } from "./token-refusal.ts";

/**
 * Grants as tokens: JWTs of our own making, signed by the first of the signing keys, verified by any. Three things each
 * keep a grant from being taken for a session, or one kind for the other, and a session for a grant: the key, the
 * audience and the type in the header (RFC 8725, 3.11). A grant names no role either.
 */

const KINDS = {
  upload: { type: "causeway-grant+jwt", audience: "causeway-upload-grant" },
  entity: { type: "causeway-entity-grant+jwt", audience: "causeway-entity-grant" },
} as const;
export type GrantKind = keyof typeof KINDS;

type Keys = Pick<Config, "signingKeys" | "jwt">;

function secretOf(kid: unknown, { signingKeys }: Keys): Uint8Array {
  const key = signingKeys.find((candidate) => candidate.kid === kid);
  if (key === undefined) throw new TokenFault("kid: no key of SIGNED_URL_KEYS is for it");
  return new TextEncoder().encode(key.secret);
}

interface Facts {
  readonly claims: JWTPayload;
  readonly userId: UserId;
  readonly id: string;
  readonly expiresAtMs: number;
}

function sign(kind: GrantKind, { claims, userId, id, expiresAtMs }: Facts, keys: Keys): Promise<string> {
  const kid = keys.signingKeys[0]?.kid;
  if (kid === undefined) throw new Error("There is no signing key.");
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: KINDS[kind].type, kid })
    .setIssuer(keys.jwt.issuer)
    .setAudience(KINDS[kind].audience)
    .setSubject(userId)
    .setJti(id)
    .setIssuedAt()
    .setExpirationTime(Math.floor(expiresAtMs / 1000))
    .sign(secretOf(kid, keys));
}

interface Verification {
  /** Whether one that has ended is good too: to be renewed, and for nothing else. */
  readonly evenIfEnded?: boolean;
}

/** No leeway: the clocks that sign and verify are the same. */
async function verify(
  kind: GrantKind,
  token: string,
  keys: Keys,
  { evenIfEnded = false }: Verification,
): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, ({ kid }) => secretOf(kid, keys), {
    algorithms: ["HS256"],
    typ: KINDS[kind].type,
    issuer: keys.jwt.issuer,
    audience: KINDS[kind].audience,
    requiredClaims: ["exp"],
    ...(evenIfEnded ? { currentDate: new Date(0) } : {}),
  });
  return payload;
}

const Common = z.object({ tenant: TenantId, sub: UserId, exp: z.int() });

const UploadClaims = Common.extend({
  /** The id of the file that the one upload becomes. */
  jti: FileId,
  /** Which version of it; tokens of before there was another than the first don't say. */
  version: z.int().min(1).default(1),
  scope: UploadGrantScope,
});

export function signUploadGrant(grant: UploadGrant, keys: Keys): Promise<string> {
  const { identity, ref, scope, expiresAtMs } = grant;
  const claims = { tenant: identity.tenantId, version: ref.version, scope };
  return sign("upload", { claims, userId: identity.userId, id: ref.fileId, expiresAtMs }, keys);
}

/** Throws what `jose` and the schemas throw. */
export async function verifyUploadGrant(
  token: string,
  keys: Keys,
  options: Verification = {},
): Promise<UploadGrant> {
  const payload = await verify("upload", token, keys, options);
  const { tenant: tenantId, sub: userId, jti: fileId, version, scope, exp } = UploadClaims.parse(payload);
  const identity = { tenantId, userId, role: "member" } as const;
  return { identity, ref: { tenantId, fileId, version }, scope, expiresAtMs: exp * 1000 };
}

const EntityClaims = Common.extend({ jti: z.string(), scope: EntityGrantScope });

export function signEntityGrant(identity: GrantedIdentity, keys: Keys): Promise<string> {
  const { tenantId, userId, entityGrant } = identity;
  const { id, expiresAtMs, ...scope } = entityGrant;
  return sign("entity", { claims: { tenant: tenantId, scope }, userId, id, expiresAtMs }, keys);
}

/** Throws what `jose` and the schemas throw. */
export async function verifyEntityGrant(
  token: string,
  keys: Keys,
  options: Verification = {},
): Promise<GrantedIdentity> {
  const payload = await verify("entity", token, keys, options);
  const { tenant: tenantId, sub: userId, jti: id, scope, exp } = EntityClaims.parse(payload);
  return { tenantId, userId, role: "member", entityGrant: { ...scope, id, expiresAtMs: exp * 1000 } };
}

/** The kind of grant that a token says it is. Says nothing of whether it is a good one. */
export function claimedKind(token: string): GrantKind | undefined {
  try {
    const { typ } = decodeProtectedHeader(token);
    return (["upload", "entity"] as const).find((kind) => KINDS[kind].type === typ);
  } catch {
    return undefined;
  }
}
