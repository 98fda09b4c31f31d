import { SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import { readProblem } from "../support/api.ts";
import type { Behaviour } from "../support/token-issuer.ts";
import { goodClaims, TokenIssuer } from "../support/token-issuer.ts";
import { launchWorkerAlone, type WorkerAlone } from "../support/worker-alone.ts";

const COOLDOWN_MS = 1_000;
const NAMESPACE = "https://crm.example/role";

/** A worker that has both a secret and a key set, and reads claims as a foreign issuer names them. */
let worker: WorkerAlone;
let issuer: TokenIssuer;

beforeAll(async () => {
  issuer = await TokenIssuer.start();
  await issuer.addKey("first");
  await issuer.addKey("unlisted", "ES256");
  worker = await launchWorkerAlone({
    ...{ JWT_JWKS_URL: issuer.url, JWT_JWKS_COOLDOWN_SECONDS: "1", JWT_JWKS_MAX_AGE_SECONDS: "1" },
    ...{ JWT_ISSUER: "https://issuer.example/", JWT_AUDIENCE: "crm,crm-mobile" },
    ...{ JWT_TENANT_CLAIM: "/app_metadata/tenant_id", JWT_USER_CLAIM: "oid", JWT_ROLE_CLAIM: NAMESPACE },
    JWT_ALGORITHMS: "RS256,HS256",
    JWT_ROLES: "crm-admin:admin,crm-user:member",
  });
});

afterAll(async () => {
  await Promise.all([worker.stop(), issuer.stop()]);
});

beforeEach(() => {
  issuer.behaviour = "answers";
});

/** Resolves when the set is old, and may be asked for again. */
async function cooledDown(): Promise<void> {
  const over = issuer.fetchedAtMs + COOLDOWN_MS;
  await expect.poll(() => Date.now(), { interval: 20, timeout: 5_000 }).toBeGreaterThan(over);
}

const FOREIGN = {
  ...{ iss: "https://issuer.example/", aud: "crm", sub: "not-this", tenant: "nor-this", role: "admin" },
  ...{ app_metadata: { tenant_id: "acme" }, oid: "ann", [NAMESPACE]: "crm-user" },
};

function sign(kid: string, claims: Readonly<Record<string, unknown>> = {}, as = kid): Promise<string> {
  return issuer.sign(kid, { kid: as, claims: { ...FOREIGN, ...claims } });
}

function list(token: string, init: RequestInit = {}): Promise<Response> {
  return fetch(new URL("/v1/files", worker.url), { ...init, headers: { authorization: `Bearer ${token}` } });
}

async function codeOf(token: string): Promise<string> {
  const answer = await list(token);
  return answer.ok ? "accepted" : (await readProblem(answer)).code;
}

test("claims are read where the configuration says they are", async () => {
  const token = await sign("first");
  const headers = { authorization: `Bearer ${token}`, "content-disposition": 'attachment; filename="a.txt"' };
  const answer = await fetch(new URL("/v1/files", worker.url), { method: "POST", headers, body: "hello" });
  expect(answer.status).toBe(201);
  const record = (await answer.json()) as FileRecord;
  expect(record.ownerId).toBe("ann");
  expect(await codeOf(await sign("first", { app_metadata: { tenant_id: "other" } }))).toBe("accepted");
  const elsewhere = await sign("first", { app_metadata: { tenant_id: "other" } });
  const other = await fetch(new URL(`/v1/files/${record.id}`, worker.url), {
    headers: { authorization: `Bearer ${elsewhere}` },
  });
  expect(await readProblem(other)).toMatchObject({ code: "FILE_NOT_FOUND" });
});

test.each([
  ["the role that is an admin's", { [NAMESPACE]: "crm-admin" }, "accepted"],
  ["the other audience", { aud: "crm-mobile" }, "accepted"],
  ["a role that isn't mapped", { [NAMESPACE]: "crm-guest" }, "TOKEN_INVALID"],
  ["our own name of a role", { [NAMESPACE]: "admin" }, "TOKEN_INVALID"],
  ["the roles in a list", { [NAMESPACE]: ["crm-guest", "crm-admin"] }, "accepted"],
  ["a list of roles that aren't mapped", { [NAMESPACE]: ["crm-guest"] }, "TOKEN_INVALID"],
  ["no tenant at the pointer", { app_metadata: {} }, "TOKEN_INVALID"],
  ["nothing at the pointer", { app_metadata: null }, "TOKEN_INVALID"],
  [
    "a tenant by the pointer's text",
    { app_metadata: {}, "/app_metadata/tenant_id": "acme" },
    "TOKEN_INVALID",
  ],
  ["no user", { oid: undefined }, "TOKEN_INVALID"],
])("a token with %s", async (_what, claims, expected) => {
  expect(await codeOf(await sign("first"))).toBe("accepted");
  expect(await codeOf(await sign("first", claims))).toBe(expected);
});

test("a token by the secret is accepted beside those by keys, and by nothing but the secret", async () => {
  const claims = goodClaims(FOREIGN);
  const withSecret = (secret: string) =>
    new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(secret));
  expect(await codeOf(await withSecret(worker.jwtSecret))).toBe("accepted");
  expect(await codeOf(await withSecret(await issuer.publicPem("first")))).toBe("TOKEN_INVALID");
});

test("a published key of an algorithm that isn't in the list is refused", async () => {
  expect(await codeOf(await sign("first"))).toBe("accepted");
  expect(await codeOf(await sign("unlisted"))).toBe("TOKEN_INVALID");
});

test("a new key is accepted as soon as it is published, and a withdrawn one refused", async () => {
  await cooledDown();
  expect(await codeOf(await sign("first"))).toBe("accepted");
  await issuer.addKey("second");
  await cooledDown();
  const before = issuer.fetches;
  expect(await codeOf(await sign("second"))).toBe("accepted");
  expect(issuer.fetches).toBe(before + 1);
  issuer.withdraw("second");
  await cooledDown();
  expect(await codeOf(await sign("second"))).toBe("TOKEN_INVALID");
});

test.each(["fails", "holds", "stalls", "moved", "oversize"] satisfies Behaviour[])(
  "while the key set %s, known keys go on and others are to come again",
  async (behaviour) => {
    await cooledDown();
    const [known, unknown] = await Promise.all([sign("first"), sign("first", {}, "unknown")]);
    expect(await codeOf(known)).toBe("accepted");
    issuer.behaviour = behaviour;
    await cooledDown();
    const before = issuer.fetches;
    const startedAtMs = Date.now();
    const answers = await Promise.all(
      [known, unknown, known, unknown, known, unknown].map((token) => list(token)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 503, 200, 503, 200, 503]);
    expect(Date.now() - startedAtMs).toBeLessThan(5_000);
    expect(issuer.fetches).toBe(before + 1);
    const refused = answers[1];
    expect(refused?.headers.get("retry-after")).toMatch(/^[1-9]$/);
    expect(refused?.headers.get("access-control-allow-origin")).toBe("*");
    expect(await refused?.json()).toMatchObject({ status: 503, code: "SERVICE_UNAVAILABLE" });
  },
);

test("whoever waits for the keys gets them though the one who asked went away", async () => {
  await cooledDown();
  await issuer.addKey("third");
  issuer.behaviour = "holds";
  const before = issuer.fetches;
  const leaving = new AbortController();
  const first = list(await sign("third"), { signal: leaving.signal }).catch(() => "gone");
  await expect.poll(() => issuer.fetches, { interval: 5 }).toBe(before + 1);
  const others = Promise.all([1, 2, 3].map(async () => list(await sign("third"))));
  // A request of its own, answered meanwhile: the others have reached the worker before it.
  await sign("third");
  await list(await sign("first"));
  leaving.abort();
  expect(await first).toBe("gone");
  // Once more, so that the worker has seen it go.
  for (let n = 0; n < 5; n += 1) await list(await sign("first"));
  issuer.release();
  expect((await others).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(issuer.fetches).toBe(before + 1);
});
