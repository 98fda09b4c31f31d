import { z } from "zod";
import { Role } from "#contract/ids.ts";
import { isSafeUrl } from "#contract/safe-urls.ts";

/** How tokens of the CRM's own issuer are verified and read (R20). */

/** The only algorithms there are: one with the shared secret, the others with the keys of a JWKS. */
export const TOKEN_ALGORITHMS = ["HS256", "RS256", "ES256", "EdDSA"] as const;
const Algorithm = z.enum(TOKEN_ALGORITHMS);
export type TokenAlgorithm = z.infer<typeof Algorithm>;

export interface JwksConfig {
  readonly url: string;
  /** A key that was withdrawn is believed for so long at most, as long as the set can be had. */
  readonly maxAgeMs: number;
  /** Between two fetches, whatever tokens come. */
  readonly cooldownMs: number;
}

/** Where a claim is: names of members, from the token's payload inwards. */
export type ClaimPath = readonly string[];

export interface TokenConfig {
  readonly issuer: string;
  /** A token has to be for one of these. */
  readonly audience: readonly string[];
  /** For HS256; without it no token of that algorithm is accepted. */
  readonly secret: Uint8Array | undefined;
  /** For the other algorithms; without it no token of any of those is accepted. */
  readonly jwks: JwksConfig | undefined;
  readonly algorithms: readonly TokenAlgorithm[];
  readonly leewaySeconds: number;
  readonly claims: { readonly tenant: ClaimPath; readonly user: ClaimPath; readonly role: ClaimPath };
  /** Roles by the issuer's names for them. */
  readonly roles: ReadonlyMap<string, Role>;
}

/**
 * Whoever can change what this URL answers can be anybody. Asked of the URL as `fetch` reads it, which takes none with a
 * user's name in it either (Fetch, 5.4).
 */
const JwksUrl = z
  .url({ abort: true })
  .refine(isSafeUrl, "must be https, or http on loopback, without a user's name");

/** More isn't clocks that are apart: it is tokens that live longer than they say. */
const MAX_LEEWAY_SECONDS = 300;

/** RFC 6901, section 3: `~` only as `~0` or `~1`. */
const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;

function decodePointer(pointer: string): ClaimPath {
  const names = pointer.split("/").slice(1);
  return names.map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A claim's own name (dots, colons and slashes are just letters of it), or a JSON Pointer when it begins with "/". */
const ClaimName = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith("/") || POINTER.test(text), "is not a JSON Pointer (RFC 6901)")
  .transform((text): ClaimPath => (text.startsWith("/") ? decodePointer(text) : [text]));

const OWN_ROLES: ReadonlyMap<string, Role> = new Map(Role.options.map((role) => [role, role]));

/** `theirs:ours` pairs, comma-separated; their names may have colons in them. */
const RoleMap = z
  .string()
  .transform((text) => text.split(",").map((pair) => /^\s*(.+):(\w+)\s*$/.exec(pair)?.slice(1)))
  .pipe(z.array(z.tuple([z.string(), Role], "must be pairs of the issuer's role and one of ours")))
  .refine((pairs) => new Set(pairs.map(([theirs]) => theirs)).size === pairs.length, "names a role twice")
  .transform((pairs): ReadonlyMap<string, Role> => new Map(pairs));

const List = z.string().transform((text) => text.split(",").map((item) => item.trim()));

const Seconds = z.coerce.number().int();

/** Variables and secrets by which tokens are verified. */
export const TokenVariables = z.object({
  JWT_ISSUER: z.string().min(1),
  JWT_AUDIENCE: List.pipe(z.array(z.string().min(1))),
  JWT_SECRET: z.string().min(32, "must have 32 characters or more").optional(),
  JWT_JWKS_URL: JwksUrl.optional(),
  JWT_JWKS_MAX_AGE_SECONDS: Seconds.min(1).max(86_400).default(300),
  JWT_JWKS_COOLDOWN_SECONDS: Seconds.min(1).max(3_600).default(10),
  JWT_ALGORITHMS: List.pipe(z.array(Algorithm)).optional(),
  JWT_LEEWAY_SECONDS: Seconds.min(0).max(MAX_LEEWAY_SECONDS).default(30),
  JWT_TENANT_CLAIM: ClaimName.default(["tenant"]),
  JWT_USER_CLAIM: ClaimName.default(["sub"]),
  JWT_ROLE_CLAIM: ClaimName.default(["role"]),
  JWT_ROLES: RoleMap.default(OWN_ROLES),
});
type TokenVariables = z.infer<typeof TokenVariables>;

/** What has a key. The algorithm alone decides which key that is: nothing falls back to another. */
function keyedAlgorithms({
  JWT_SECRET,
  JWT_JWKS_URL,
}: Pick<TokenVariables, "JWT_SECRET" | "JWT_JWKS_URL">): TokenAlgorithm[] {
  return TOKEN_ALGORITHMS.filter(
    (algorithm) => (algorithm === "HS256" ? JWT_SECRET : JWT_JWKS_URL) !== undefined,
  );
}

const KeyVariables = TokenVariables.pick({ JWT_SECRET: true, JWT_JWKS_URL: true, JWT_ALGORITHMS: true });

/** What is wrong with variables that are each right by themselves, by the key to change. */
export function findTokenProblems(env: object): string[] {
  const { data } = KeyVariables.safeParse(env);
  if (data === undefined) return [];
  const keyed = keyedAlgorithms(data);
  if (keyed.length === 0) return ["JWT_SECRET: is missing, and so is JWT_JWKS_URL: one of them is needed"];
  const keyless = (data.JWT_ALGORITHMS ?? []).filter((algorithm) => !keyed.includes(algorithm));
  return keyless.map((algorithm) => {
    const missing = algorithm === "HS256" ? "JWT_SECRET" : "JWT_JWKS_URL";
    return `JWT_ALGORITHMS: has ${algorithm}, which takes ${missing}`;
  });
}

export function tokenConfigOf(vars: TokenVariables): TokenConfig {
  const { JWT_SECRET: secret, JWT_JWKS_URL: url } = vars;
  return {
    issuer: vars.JWT_ISSUER,
    audience: vars.JWT_AUDIENCE,
    secret: secret === undefined ? undefined : new TextEncoder().encode(secret),
    jwks:
      url === undefined
        ? undefined
        : {
            url,
            maxAgeMs: vars.JWT_JWKS_MAX_AGE_SECONDS * 1_000,
            cooldownMs: vars.JWT_JWKS_COOLDOWN_SECONDS * 1_000,
          },
    algorithms: vars.JWT_ALGORITHMS ?? keyedAlgorithms(vars),
    leewaySeconds: vars.JWT_LEEWAY_SECONDS,
    claims: { tenant: vars.JWT_TENANT_CLAIM, user: vars.JWT_USER_CLAIM, role: vars.JWT_ROLE_CLAIM },
    roles: vars.JWT_ROLES,
  };
}
