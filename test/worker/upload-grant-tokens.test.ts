import { SignJWT } from "jose";
import { expect, inject, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { metadataHeader, newCaller, readProblem, TUS } from "../support/api.ts";
import { mint, fetchWith, NOTES, createByTus, patchByTus, expectRefused } from "../support/upload-grants.ts";

const GRANT_TYPE = "causeway-grant+jwt";

interface TokenChange {
  readonly secret?: string;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A grant's token as the worker signs it, but for what the test changes. */
async function forge(caller: Caller, change: TokenChange = {}): Promise<string> {
  const claims = {
    iss: "causeway",
    aud: "causeway-upload-grant",
    tenant: caller.tenantId,
    sub: "ann",
    jti: (await mint({}, caller)).fileId,
    scope: {},
    exp: Math.floor(Date.now() / 1000) + 60,
    ...change.claims,
  };
  const header = { alg: "HS256", typ: GRANT_TYPE, kid: "local", ...change.header };
  return new SignJWT(claims)
    .setProtectedHeader(header)
    .sign(new TextEncoder().encode(change.secret ?? inject("signedUrlSecret")));
}

function createWith(token: string): Promise<Response> {
  const headers = { ...TUS, "upload-length": "5", "upload-metadata": metadataHeader(NOTES) };
  return fetchWith(token, "/v1/uploads", { method: "POST", headers });
}

test("a grant put together as the worker does is accepted", async () => {
  const backend = await newCaller({ role: "service" });
  expect((await createWith(await forge(backend))).status).toBe(201);
});

test.each([
  ["the sessions' secret", () => ({ secret: inject("jwtSecret") })],
  ["the reports' secret", () => ({ secret: inject("reportSecret") })],
  ["another key's id", () => ({ header: { kid: "other" } })],
  ["no key's id", () => ({ header: { kid: undefined } })],
  ["another type", () => ({ header: { typ: "JWT" } })],
  ["no type", () => ({ header: { typ: undefined } })],
  ["another algorithm", () => ({ header: { alg: "HS512" } })],
  ["the sessions' audience", () => ({ claims: { aud: "causeway" } })],
  ["another issuer", () => ({ claims: { iss: "elsewhere" } })],
  ["no end", () => ({ claims: { exp: undefined } })],
  ["no file", () => ({ claims: { jti: undefined } })],
  ["a file with a path", () => ({ claims: { jti: "../x" } })],
  ["no tenant", () => ({ claims: { tenant: undefined } })],
  ["no user", () => ({ claims: { sub: undefined } })],
  ["no scope", () => ({ claims: { scope: undefined } })],
  ["a scope that isn't one", () => ({ claims: { scope: { maxBytes: "all" } } })],
] as const)("a grant with %s is refused", async (_what, makeChange) => {
  const backend = await newCaller({ role: "service" });
  await expectRefused(await createWith(await forge(backend, makeChange())), "TOKEN_INVALID");
});

test("a session with a grant's type is refused for an upload", async () => {
  const claims = { iss: "causeway", aud: "causeway", role: "member" };
  const header = { typ: GRANT_TYPE, kid: undefined };
  const token = await forge(await newCaller({ role: "service" }), {
    secret: inject("jwtSecret"),
    ...{ header, claims },
  });
  await expectRefused(await createWith(token), "TOKEN_INVALID");
});

test("a session signed by a grant's key is refused", async () => {
  const claims = { aud: "causeway", role: "admin" };
  const token = await forge(await newCaller({ role: "service" }), { header: { typ: "JWT" }, claims });
  await expectRefused(await fetchWith(token, "/v1/files"), "TOKEN_INVALID");
  await expectRefused(await createWith(token), "TOKEN_INVALID");
});

test("a grant with the sessions' secret and audience is no session, for it has no role", async () => {
  const change = { secret: inject("jwtSecret"), claims: { aud: "causeway" } };
  const token = await forge(await newCaller({ role: "service" }), change);
  await expectRefused(await fetchWith(token, "/v1/files"), "TOKEN_INVALID");
});

test("a session for an upload works as before, and needs to be one", async () => {
  const caller = await newCaller();
  expect((await createWith(caller.token)).status).toBe(201);
  await expectRefused(await createWith("a.b.c"), "TOKEN_INVALID");
});

test("an expired grant is refused, in the middle of its upload too", async () => {
  const grant = await mint({ expiresInSeconds: 2 });
  expect((await createByTus(grant)).status).toBe(201);
  await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(Date.parse(grant.expiresAt));
  await expectRefused(await patchByTus(grant, 0, "hello"), "TOKEN_EXPIRED");
  await expectRefused(await createByTus(grant), "TOKEN_EXPIRED");
  const expired = await forge(grant.backend, { claims: { exp: Math.floor(Date.now() / 1000) - 1 } });
  await expectRefused(await createWith(expired), "TOKEN_EXPIRED");
});

test("in the wrong place a grant is told where it is for, but none that has ended or that another signed", async () => {
  const backend = await newCaller({ role: "service" });
  const token = await forge(backend);
  const forged = await forge(backend, { secret: inject("reportSecret") });
  const ended = await forge(backend, { claims: { exp: 1_000_000_000 } });
  for (const [shown, code] of [
    [token, "GRANT_SCOPE"],
    [forged, "TOKEN_INVALID"],
    [ended, "TOKEN_EXPIRED"],
  ] as const) {
    const answer = await fetchWith(shown, "/v1/files");
    const { code: told, detail = "" } = await readProblem(answer);
    expect(told).toBe(code);
    expect(detail.startsWith("This is an upload grant")).toBe(code === "GRANT_SCOPE");
  }
});
