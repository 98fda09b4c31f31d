import { SignJWT, UnsecuredJWT } from "jose";
import type { Caller } from "../api.ts";
import type { Mutation } from "./mutation.ts";
import { idIn, withId } from "./path-mutations.ts";
import type { WireRequest } from "./wire-request.ts";
import { withLines } from "./wire-request.ts";

interface Claims {
  readonly tenant?: unknown;
  readonly role?: unknown;
  readonly sub?: string;
  readonly iss?: string;
  readonly aud?: string;
  readonly exp?: number | undefined;
  readonly nbf?: number;
}

/** Any time from now on would do. */
const LATER = Math.floor(Date.now() / 1000) + 86_400;

type Sign = (claims: Claims, secret?: string, alg?: string) => Promise<string>;

function signer(jwtSecret: string, valid: Claims): Sign {
  return (claims, secret = jwtSecret, alg = "HS256") =>
    new SignJWT(
      Object.fromEntries(Object.entries({ ...valid, ...claims }).filter(([, value]) => value !== undefined)),
    )
      .setProtectedHeader({ alg })
      .sign(new TextEncoder().encode(secret));
}

/** Values of `Authorization` that no request may get anything by. */
async function invalidCredentials(
  tenantId: string,
  jwtSecret: string,
): Promise<Readonly<Record<string, string>>> {
  const valid = { tenant: tenantId, role: "admin", sub: "ann", iss: "causeway", aud: "causeway", exp: LATER };
  const sign = signer(jwtSecret, valid);
  const good = await sign({});
  const [header = "", payload = "", signature = ""] = good.split(".");
  const promoted = Buffer.from(JSON.stringify({ ...valid, sub: "root" })).toString("base64url");
  const typed = Buffer.from(JSON.stringify({ alg: "HS256", typ: "causeway-grant+jwt" })).toString(
    "base64url",
  );
  const tokens = {
    "of another secret": await sign({}, "another-secret-another-secret-another-secret"),
    "of an empty payload": `${header}.e30.${signature}`,
    "of another algorithm": await sign({}, `${jwtSecret}${jwtSecret}`, "HS512"),
    "of the right secret and another algorithm": await sign({}, jwtSecret, "HS384"),
    "of no algorithm": new UnsecuredJWT(valid).encode(),
    expired: await sign({ exp: 1 }),
    "expired a minute ago": await sign({ exp: Math.floor(Date.now() / 1000) - 60 }),
    "not valid yet": await sign({ nbf: LATER }),
    "without an end": await sign({ exp: undefined }),
    "without a tenant": await sign({ tenant: undefined }),
    "of a tenant that can't be": await sign({ tenant: "../x" }),
    "of a tenant that is a number": await sign({ tenant: 1 }),
    "of a user that can't be": await sign({ sub: "a b" }),
    "of an unknown role": await sign({ role: "root" }),
    "of another issuer": await sign({ iss: "elsewhere" }),
    "for another audience": await sign({ aud: "elsewhere" }),
    "truncated in its signature": good.slice(0, -5),
    "without its signature": `${header}.${payload}.`,
    "of two parts": `${header}.${payload}`,
    "of four parts": `${good}.x`,
    "with another payload": `${header}.${promoted}.${signature}`,
    "said to be a grant": `${typed}.${payload}.${signature}`,
    "of junk": "x.y.z",
    "of 32 KiB": `${header}.${payload}.${"A".repeat(32 * 1024)}`,
  };
  const bearers = Object.entries(tokens).map(([name, token]) => [`a token ${name}`, `Bearer ${token}`]);
  return {
    ...(Object.fromEntries(bearers) as Record<string, string>),
    "another scheme": "Basic YW5uOmFubg==",
    "no scheme": good,
    "a scheme alone": "Bearer",
    "a scheme and a space": "Bearer  ",
    "two tokens": `Bearer ${good} ${good}`,
    "two credentials": `Bearer ${good}, Bearer ${good}`,
    "a token in quotes": `Bearer "${good}"`,
  };
}

function withCredential(request: WireRequest, value: string): WireRequest {
  return withLines(request, "authorization", [["authorization", value]]);
}

/** Credentials that no request may get anything by: 401, whatever else it says. */
export async function credentialMutations(tenantId: string, jwtSecret: string): Promise<readonly Mutation[]> {
  return Object.entries(await invalidCredentials(tenantId, jwtSecret)).map(([name, value]) => ({
    part: "credential",
    name,
    apply: (request) => withCredential(request, value),
  }));
}

/** Who and what the requests of the test have nothing to do with. */
export interface Strangers {
  /** Callers who may not see the test's uploads: of another tenant, and another user of the same. */
  readonly callers: Readonly<Record<string, Caller>>;
  /** Ids of uploads that the test's callers may not see. */
  readonly ids: Readonly<Record<string, string>>;
  /** Id of an upload whose bytes are being sent all the while. */
  readonly liveId: string;
}

/** For requests about an upload or a file: who asks isn't whose it is, or the other way round. 404. */
export function strangerMutations({ callers, ids, liveId }: Strangers): readonly Mutation[] {
  const otherIds = { ...ids, "that is being sent": liveId };
  return [
    ...Object.entries(callers).map(([name, { token }]) => ({
      part: "stranger",
      name: `the credential of ${name}`,
      apply: (request: WireRequest) => withCredential(request, `Bearer ${token}`),
    })),
    ...Object.entries(otherIds).map(([name, id]) => ({
      part: "stranger",
      name: `an upload ${name}`,
      apply: (request: WireRequest) => ({ ...request, target: withId(request.target, () => id) }),
    })),
  ];
}

/** Whether a request is about one upload or file, and says who asks. */
export function isAboutOne({ target, fields }: WireRequest): boolean {
  return idIn(target) !== undefined && fields.some(([name]) => name === "authorization");
}
