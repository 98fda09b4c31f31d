import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readProblem, sharedStack } from "../support/api.ts";
import type { IssuedToken } from "../support/token-issuer.ts";
import { goodClaims, TokenIssuer } from "../support/token-issuer.ts";
import { launchWorkerAlone, type WorkerAlone } from "../support/worker-alone.ts";

/** A worker that knows a key set and no secret. It asks for the set once: no test here is about asking again. */
let worker: WorkerAlone;
let issuer: TokenIssuer;
/** The key set of an attacker: nobody may ask for it. */
let attacker: TokenIssuer;

beforeAll(async () => {
  [issuer, attacker] = await Promise.all([TokenIssuer.start(), TokenIssuer.start()]);
  await Promise.all([
    issuer.addKey("rs", "RS256"),
    issuer.addKey("es", "ES256"),
    issuer.addKey("ed", "EdDSA"),
    // One that its issuer would use with any algorithm of its kind.
    issuer.addKey("any", "RS256", { saysAlgorithm: false }),
    issuer.addKey("secret", "RS256", { published: false }),
    attacker.addKey("rs", "RS256"),
  ]);
  worker = await launchWorkerAlone({
    ...{ JWT_SECRET: "", JWT_JWKS_URL: issuer.url },
    JWT_JWKS_COOLDOWN_SECONDS: "3600",
    JWT_JWKS_MAX_AGE_SECONDS: "3600",
    // As a deployment is: an answer says nothing of why.
    DEVELOPMENT: "false",
  });
});

afterAll(async () => {
  await Promise.all([worker.stop(), issuer.stop(), attacker.stop()]);
});

/** Claims of times relative to when the test runs, which is a while after the file is read. */
function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

function list(token: string, stack: { readonly url: string } = worker): Promise<Response> {
  return fetch(new URL("/v1/files", stack.url), { headers: { authorization: `Bearer ${token}` } });
}

async function expectRefused(token: string, code = "TOKEN_INVALID"): Promise<void> {
  const answer = await list(token);
  expect(await readProblem(answer)).toMatchObject({ status: 401, code });
  expect(answer.headers.get("www-authenticate")).toContain("Bearer");
}

/** A token with the shared secret's algorithm, signed with whatever text. */
function signWithText(text: string, kid = "rs"): Promise<string> {
  return new SignJWT(goodClaims())
    .setProtectedHeader({ alg: "HS256", kid })
    .sign(new TextEncoder().encode(text));
}

function withHeader(token: string, header: object): string {
  const [, payload = "", signature = ""] = token.split(".");
  return `${Buffer.from(JSON.stringify(header)).toString("base64url")}.${payload}.${signature}`;
}

function withTenant(token: string, tenant: string): string {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  return `${header}.${Buffer.from(JSON.stringify({ ...claims, tenant })).toString("base64url")}.${signature}`;
}

test.each(["rs", "es", "ed"])("a token by the published key %s is accepted", async (kid) => {
  expect((await list(await issuer.sign(kid))).status).toBe(200);
});

test.each<[string, () => IssuedToken]>([
  ["a list of audiences with ours in it", () => ({ claims: { aud: ["other", "causeway"] } })],
  ["an end within the leeway", () => ({ claims: { exp: inSeconds(-10) } })],
  ["a beginning within the leeway", () => ({ claims: { nbf: inSeconds(20) } })],
  ["the role of a service", () => ({ claims: { role: "service" } })],
  ["a type of its own", () => ({ header: { typ: "at+jwt" } })],
])("a token with %s is accepted", async (_what, makeToken) => {
  expect((await list(await issuer.sign("rs", makeToken()))).status).toBe(200);
});

test("a token without its key's name is accepted where only one key fits, and refused where two do", async () => {
  expect((await list(await issuer.sign("es", { kid: undefined }))).status).toBe(200);
  await expectRefused(await issuer.sign("rs", { kid: undefined }));
});

test.each<[string, () => Record<string, unknown>]>([
  ["another issuer", () => ({ iss: "elsewhere" })],
  ["no issuer", () => ({ iss: undefined })],
  ["another audience", () => ({ aud: "elsewhere" })],
  ["a list of others' audiences", () => ({ aud: ["elsewhere", "causeway-upload-grant"] })],
  ["no audience", () => ({ aud: undefined })],
  ["no end", () => ({ exp: undefined })],
  ["an end that is text", () => ({ exp: "4000000000" })],
  ["a beginning beyond the leeway", () => ({ nbf: inSeconds(60) })],
  ["no user", () => ({ sub: undefined })],
  ["a user who is a number", () => ({ sub: 12 })],
  ["no tenant", () => ({ tenant: undefined })],
  ["two tenants", () => ({ tenant: ["a", "b"] })],
  ["no role", () => ({ role: undefined })],
  ["a role that isn't ours", () => ({ role: "root" })],
  ["a role from JavaScript", () => ({ role: "constructor" })],
])("a token with %s is refused", async (_what, makeClaims) => {
  expect((await list(await issuer.sign("rs"))).status).toBe(200);
  await expectRefused(await issuer.sign("rs", { claims: makeClaims() }));
});

test.each<[string, unknown, number]>([
  ["the one that we know", ["editor", "member"], 403],
  ["the strongest, whatever comes first", ["member", "service", "admin"], 200],
  ["none, where none is known", ["editor", 1, null], 401],
  ["none, of an empty list", [], 401],
  ["none, of a list in a list", [["admin"]], 401],
])("of a list of roles counts %s", async (_which, roles, status) => {
  const token = await issuer.sign("rs", { claims: { role: roles } });
  const answer = await fetch(new URL("/v1/admin/audit", worker.url), {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(answer.status).toBe(status);
});

test.each<[string, () => Promise<string>]>([
  ["signature: is by another key than the configured one", () => issuer.sign("secret", { kid: "rs" })],
  ["kid: no key of JWT_JWKS_URL is for it", () => issuer.sign("rs", { kid: "gone" })],
  ["kid: is missing, and more than one key", () => issuer.sign("rs", { kid: undefined })],
  ["alg: is none of JWT_ALGORITHMS", () => signWithText("a".repeat(64))],
  ['iss: isn\'t "causeway" (JWT_ISSUER)', () => issuer.sign("rs", { claims: { iss: "elsewhere" } })],
  ['aud: isn\'t "causeway" (JWT_AUDIENCE)', () => issuer.sign("rs", { claims: { aud: "elsewhere" } })],
  ["exp: is missing", () => issuer.sign("rs", { claims: { exp: undefined } })],
  ["exp: is more than ten years ahead", () => issuer.sign("rs", { claims: { exp: Date.now() + 3_600_000 } })],
  ["exp: is over", () => issuer.sign("rs", { claims: { exp: inSeconds(-60) } })],
  ["nbf: is still to come", () => issuer.sign("rs", { claims: { nbf: inSeconds(60) } })],
  ["tenant: is no tenant of ours (JWT_TENANT_CLAIM)", () => issuer.sign("rs", { claims: { tenant: "a/b" } })],
  [
    "tenant: is a number, and has to be a text (JWT_TENANT_CLAIM). A tenant's id is 1 to 63 letters and digits",
    () => issuer.sign("rs", { claims: { tenant: 17 } }),
  ],
  [
    "tenant: is no tenant of ours (JWT_TENANT_CLAIM). A tenant's id is 1 to 63",
    () => issuer.sign("rs", { claims: { tenant: "ac me" } }),
  ],
  [
    "sub: is a number, and has to be a text (JWT_USER_CLAIM)",
    () => issuer.sign("rs", { claims: { sub: 42 } }),
  ],
  [
    "sub: is empty (JWT_USER_CLAIM). A user's id is 1 to 128",
    () => issuer.sign("rs", { claims: { sub: "" } }),
  ],
  [
    "role: is no role of ours (JWT_ROLE_CLAIM, JWT_ROLES). A role is one of member, admin, service",
    () => issuer.sign("rs", { claims: { role: "root" } }),
  ],
  ["sub: is missing (JWT_USER_CLAIM)", () => issuer.sign("rs", { claims: { sub: undefined } })],
  ["role: is missing (JWT_ROLE_CLAIM", () => issuer.sign("rs", { claims: { role: undefined } })],
  ["It is no token that can be read", async () => "abc"],
])("the log says why: %s; the answer doesn't, and the token is in neither", async (reason, makeToken) => {
  const token = await makeToken();
  const requestId = `why-${reason.length}-${Date.now()}`;
  const headers = { authorization: `Bearer ${token}`, "x-request-id": requestId };
  const answer = await fetch(new URL("/v1/files", worker.url), { headers });
  const { title, ...told } = await readProblem(answer);
  expect(told).not.toHaveProperty("detail");
  expect(answer.headers.get("www-authenticate")).toBe(
    `Bearer realm="causeway", error="invalid_token", error_description="${title}"`,
  );
  const line = await worker.logLine(requestId);
  expect(line).toContain(reason);
  expect(line).not.toContain(token);
});

test("of a grant in the wrong place the log says so, and its answer where it is for", async () => {
  const service = await issuer.sign("rs", { claims: { role: "service" } });
  const minted = await fetch(new URL("/v1/upload-grants", worker.url), {
    method: "POST",
    headers: { authorization: `Bearer ${service}`, "content-type": "application/json" },
    body: "{}",
  });
  const { token } = (await minted.json()) as { token: string };
  const headers = { authorization: `Bearer ${token}`, "x-request-id": "misplaced-grant" };
  const answer = await fetch(new URL("/v1/files", worker.url), { headers });
  expect(await readProblem(answer)).toMatchObject({
    ...{ status: 403, code: "GRANT_SCOPE" },
    detail: expect.stringContaining("it is for its upload at /v1/uploads") as string,
  });
  expect(await worker.logLine("misplaced-grant")).toContain("typ: is that of a grant (upload)");
});

test("an expired token is said to be that", async () => {
  const claims = { exp: inSeconds(-60) };
  await expectRefused(await issuer.sign("rs", { claims }), "TOKEN_EXPIRED");
});

test("a public key is never a secret, in whatever form", async () => {
  const pem = await issuer.publicPem("rs");
  const jwks = await (await fetch(issuer.url)).text();
  for (const text of [pem, pem.trim(), jwks]) await expectRefused(await signWithText(text));
});

test("a token by a shared secret is refused where there is none", async () => {
  expect((await list(await signWithText(sharedStack().jwtSecret), sharedStack())).status).toBe(200);
  await expectRefused(await signWithText(worker.jwtSecret));
  await expectRefused(await signWithText("\0"));
});

test("a token by a published key is refused where only a secret is configured", async () => {
  const token = await issuer.sign("rs");
  expect((await list(token)).status).toBe(200);
  expect(await readProblem(await list(token, sharedStack()))).toMatchObject({ code: "TOKEN_INVALID" });
});

test.each(["none", "None", "NONE", "", "HS256", "RS384", "PS256", "ES256", "EdDSA", "RS256 "])(
  'a token that says its algorithm is "%s" is refused',
  async (alg) => {
    const token = await issuer.sign("rs");
    expect((await list(withHeader(token, { alg: "RS256", kid: "rs" }))).status).toBe(200);
    await expectRefused(withHeader(token, { alg, kid: "rs" }));
    await expectRefused(`${withHeader(token, { alg, kid: "rs" }).split(".").slice(0, 2).join(".")}.`);
  },
);

test.each(["RS384", "RS512", "PS256"])(
  "a good signature by the algorithm %s is refused: it isn't in the list",
  async (alg) => {
    expect((await list(await issuer.sign("any"))).status).toBe(200);
    await expectRefused(await issuer.signAs("any", alg));
  },
);

test("what an attacker signed is refused, whatever keys its header brings or points to", async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = await exportJWK(publicKey);
  const headers: Readonly<Record<string, unknown>>[] = [
    {},
    { jwk },
    { jku: attacker.url },
    { x5u: attacker.url },
    { x5c: ["MIIB"] },
    { kid: undefined, jwk },
    { kid: "../rs" },
  ];
  for (const header of headers) {
    const token = new SignJWT(goodClaims()).setProtectedHeader({ alg: "RS256", kid: "rs", ...header });
    await expectRefused(await token.sign(privateKey));
    await expectRefused(await attacker.sign("rs", { header }));
  }
  expect(attacker.fetches).toBe(0);
});

test("a key that its issuer has and doesn't publish signs nothing", async () => {
  await expectRefused(await issuer.sign("secret"));
  await expectRefused(await issuer.sign("secret", { kid: "rs" }));
  await expectRefused(await issuer.sign("es", { kid: "ed" }));
});

test("extensions that have to be understood are refused", async () => {
  const token = await issuer.sign("rs");
  await expectRefused(withHeader(token, { alg: "RS256", kid: "rs", crit: ["exp"], exp: 4e9 }));
  await expectRefused(withHeader(token, { alg: "RS256", kid: "rs", crit: [] }));
  await expectRefused(withHeader(token, { alg: "RS256", kid: "rs", b64: false, crit: ["b64"] }));
});

test("a token whose tenant was changed is refused", async () => {
  const token = await issuer.sign("rs", { claims: { tenant: "mine" } });
  expect((await list(withTenant(token, "mine"))).status).toBe(200);
  await expectRefused(withTenant(token, "victim"));
});

test("a token of the type of an upload grant is no session", async () => {
  for (const typ of ["causeway-grant+jwt", "application/causeway-grant+jwt"]) {
    await expectRefused(await issuer.sign("rs", { header: { typ } }));
  }
});

test("unknown keys are asked for once, however many come", async () => {
  const before = issuer.fetches;
  const tokens = await Promise.all(
    Array.from({ length: 60 }, (_, n) => issuer.sign("rs", { kid: `unknown-${n}` })),
  );
  await Promise.all(tokens.map((token) => expectRefused(token)));
  expect(issuer.fetches).toBe(before);
});
