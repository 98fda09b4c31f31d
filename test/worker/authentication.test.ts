import { SignJWT } from "jose";
import { beforeAll, expect, test } from "vitest";
import { newTenantId, readProblem, sharedStack } from "../support/api.ts";

const HOUR = 3600;

interface TokenParts {
  readonly algorithm?: string;
  readonly secret?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly expiresInSeconds?: number;
  readonly claims?: Readonly<Record<string, unknown>>;
}

let jwtSecret: string;
beforeAll(() => {
  jwtSecret = sharedStack().jwtSecret;
});

/** A token that is accepted, but for what the test changes. */
async function makeToken(parts: TokenParts = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { tenant: newTenantId(), sub: "ann", role: "member", ...parts.claims };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: parts.algorithm ?? "HS256" })
    .setIssuer(parts.issuer ?? "causeway")
    .setAudience(parts.audience ?? "causeway")
    .setExpirationTime(now + (parts.expiresInSeconds ?? HOUR))
    .sign(new TextEncoder().encode(parts.secret ?? jwtSecret));
}

function listFiles(authorization: string | undefined): Promise<Response> {
  const headers = authorization === undefined ? {} : { authorization };
  return fetch(new URL("/v1/files", sharedStack().url), { headers });
}

/** Parts of a token put together without a signature, as an attacker would. */
function unsigned(token: string): string {
  const [, payload = ""] = token.split(".");
  return `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
}

function tampered(token: string): string {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  const changed = Buffer.from(JSON.stringify({ ...claims, tenant: "victim" })).toString("base64url");
  return `${header}.${changed}.${signature}`;
}

test("a good token is accepted, whatever the case of its scheme", async () => {
  expect((await listFiles(`Bearer ${await makeToken()}`)).status).toBe(200);
  expect((await listFiles(`bearer ${await makeToken()}`)).status).toBe(200);
});

test.each([
  ["nothing", async () => undefined, "TOKEN_MISSING"],
  ["another scheme", async () => `Basic ${await makeToken()}`, "TOKEN_INVALID"],
  ["no token", async () => "Bearer ", "TOKEN_INVALID"],
  ["what is no token", async () => "Bearer abc", "TOKEN_INVALID"],
  ["a token without its signature", async () => `Bearer ${unsigned(await makeToken())}`, "TOKEN_INVALID"],
  ["changed claims", async () => `Bearer ${tampered(await makeToken())}`, "TOKEN_INVALID"],
  ["another secret", async () => `Bearer ${await makeToken({ secret: "x".repeat(64) })}`, "TOKEN_INVALID"],
  ["another algorithm", async () => `Bearer ${await makeToken({ algorithm: "HS512" })}`, "TOKEN_INVALID"],
  ["another issuer", async () => `Bearer ${await makeToken({ issuer: "elsewhere" })}`, "TOKEN_INVALID"],
  ["another audience", async () => `Bearer ${await makeToken({ audience: "elsewhere" })}`, "TOKEN_INVALID"],
  ["an expired token", async () => `Bearer ${await makeToken({ expiresInSeconds: -HOUR })}`, "TOKEN_EXPIRED"],
  [
    "a token of the future",
    async () => `Bearer ${await makeToken({ claims: { nbf: 4e9 } })}`,
    "TOKEN_INVALID",
  ],
  ["no tenant", async () => `Bearer ${await makeToken({ claims: { tenant: undefined } })}`, "TOKEN_INVALID"],
  [
    "a tenant with a path in it",
    async () => `Bearer ${await makeToken({ claims: { tenant: "a/b" } })}`,
    "TOKEN_INVALID",
  ],
  ["no user", async () => `Bearer ${await makeToken({ claims: { sub: undefined } })}`, "TOKEN_INVALID"],
  ["an unknown role", async () => `Bearer ${await makeToken({ claims: { role: "root" } })}`, "TOKEN_INVALID"],
])("%s is refused", async (_what, makeAuthorization, code) => {
  const answer = await listFiles(await makeAuthorization());
  expect(answer.status).toBe(401);
  expect(answer.headers.get("www-authenticate")).toContain("Bearer");
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(await readProblem(answer)).toMatchObject({ status: 401, code, requestId: expect.any(String) });
});

test("a development stack says which claim is wrong; who shows no token is told of no error", async () => {
  const wrong = await listFiles(`Bearer ${await makeToken({ audience: "elsewhere" })}`);
  expect(await readProblem(wrong)).toMatchObject({ detail: 'aud: isn\'t "causeway" (JWT_AUDIENCE).' });
  expect(wrong.headers.get("www-authenticate")).toContain('error="invalid_token"');
  const role = await listFiles(`Bearer ${await makeToken({ claims: { role: "root" } })}`);
  expect(await readProblem(role)).toMatchObject({
    detail:
      "role: is no role of ours (JWT_ROLE_CLAIM, JWT_ROLES). A role is one of member, admin, service, or a list with one " +
      "of them in it.",
  });
  const missing = await listFiles(undefined);
  expect(missing.headers.get("www-authenticate")).toBe('Bearer realm="causeway"');
});

test.each([
  ["POST", "/v1/uploads"],
  ["HEAD", "/v1/uploads/00000000000000000000000000"],
  ["PATCH", "/v1/uploads/00000000000000000000000000"],
  ["DELETE", "/v1/uploads/00000000000000000000000000"],
  ["GET", "/v1/files"],
  ["GET", "/v1/files/00000000000000000000000000"],
  ["GET", "/v1/files/00000000000000000000000000/content"],
  ["DELETE", "/v1/files/00000000000000000000000000"],
  ["POST", "/v1/signed-urls"],
])("%s %s needs a token", async (method, path) => {
  const answer = await fetch(new URL(path, sharedStack().url), {
    method,
    headers: { "tus-resumable": "1.0.0" },
  });
  expect(answer.status).toBe(401);
});
