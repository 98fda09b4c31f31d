import { randomInt } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { REPORTS_PATH } from "#contract/reports.ts";
import { PROJECT_ROOT } from "../../scripts/dev/bundle.ts";
import type { Caller } from "../support/api.ts";
import {
  append,
  createUpload,
  creationHeaders,
  newCaller,
  newTenantId,
  readProblem,
  TUS,
} from "../support/api.ts";
import { newTicket } from "../support/live.ts";
import { openRequest, UPGRADE } from "../support/raw-request.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

/** The hundredth of what is deployed, as wrangler.toml has it. */
const LIMITS = { userCreations: 3, tenantCreations: 30, userRequests: 10, tenantRequests: 100 };
const PERIOD_SECONDS = 10;

const worker = useWorkerAlone({}, 0.01);

function caller(options: Parameters<typeof newCaller>[0] = {}): Promise<Caller> {
  return newCaller({ ...options, stack: worker });
}

type Ask = (from: Caller) => Promise<Response>;

const createByTus: Ask = (from) => from.fetch("/v1/uploads", { method: "POST", headers: creationHeaders(5) });
const createByIetf: Ask = (from) =>
  from.fetch("/v1/uploads", {
    method: "POST",
    headers: { "upload-complete": "?0", "content-type": "text/plain" },
  });
const createPlain: Ask = (from) => {
  const headers = { "content-disposition": 'attachment; filename="a.txt"' };
  return from.fetch("/v1/files", { method: "POST", headers, body: "hello" });
};
const createDisguised: Ask = (from) => {
  const headers = {
    "content-disposition": 'attachment; filename="a.txt"',
    "x-http-method-override": "PATCH",
  };
  return from.fetch("/v1/files", { method: "POST", headers, body: "hello" });
};
const list: Ask = (from) => from.fetch("/v1/files");

/**
 * Asks until it is too much, and returns that answer. Periods begin with the clock, so one may end on the way: twice the
 * limit and one more is too much for any two.
 * @param asked how often the caller has asked already
 */
async function untilLimited(limit: number, ask: () => Promise<Response>, asked = 0): Promise<Response> {
  for (let count = asked; count <= 2 * limit; count += 1) {
    const answer = await ask();
    if (answer.status === 429) {
      expect(count).toBeGreaterThanOrEqual(limit);
      return answer;
    }
    expect(answer.ok, await answer.text()).toBe(true);
  }
  throw new Error("Nothing was too much.");
}

async function expectLimited(answer: Response): Promise<void> {
  expect(answer.headers.get("retry-after")).toBe(String(PERIOD_SECONDS));
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(answer.headers.get("access-control-expose-headers")).toContain("Retry-After");
  expect(await readProblem(answer)).toMatchObject({ status: 429, code: "RATE_LIMITED" });
}

test.each([
  ["creations by tus", createByTus, LIMITS.userCreations],
  ["creations by the IETF's protocol", createByIetf, LIMITS.userCreations],
  ["files in one request", createPlain, LIMITS.userCreations],
  ["files in a request that calls itself another", createDisguised, LIMITS.userCreations],
  ["other requests", list, LIMITS.userRequests],
])("%s are limited for each user", async (_what, ask, limit) => {
  const ann = await caller();
  const bob = await caller({ tenantId: ann.tenantId, user: "bob" });
  await expectLimited(await untilLimited(limit, () => ask(ann)));
  expect((await ask(bob)).ok).toBe(true);
});

test("sockets are limited for each user, whatever one ticket would open", async () => {
  const ann = await caller();
  const { url } = await newTicket(ann);
  const statuses = new Set<number>();
  for (let count = 0; count <= 2 * LIMITS.userRequests && !statuses.has(429); count += 1) {
    const asked = await openRequest(new URL(url.replace("ws", "http")), "GET", UPGRADE);
    await once(asked.socket, "data");
    statuses.add(Number(/^HTTP\/1.1 (\d+)/.exec(asked.received())?.[1]));
    await asked.cut();
  }
  expect([...statuses]).toEqual([101, 429]);
});

test("a limited creation is answered as tus wants it", async () => {
  const ann = await caller();
  const answer = await untilLimited(LIMITS.userCreations, () => createByTus(ann));
  expect(answer.headers.get("tus-resumable")).toBe("1.0.0");
});

test("creations and other requests are counted apart", async () => {
  const ann = await caller();
  await untilLimited(LIMITS.userCreations, () => createByTus(ann));
  expect((await list(ann)).status).toBe(200);
  const bob = await caller();
  await untilLimited(LIMITS.userRequests, () => list(bob));
  expect((await createByTus(bob)).status).toBe(201);
});

test("all users of a tenant have a limit together, and another tenant has its own", async () => {
  const tenantId = newTenantId();
  const someone = () => caller({ tenantId, user: `user-${randomInt(1e9)}` });
  await expectLimited(await untilLimited(LIMITS.tenantCreations, async () => createByTus(await someone())));
  expect((await createByTus(await caller())).status).toBe(201);
});

test("what a user is refused isn't taken from the others of the tenant", async () => {
  const ann = await caller();
  for (let n = 0; n < 3 * LIMITS.tenantCreations; n += 1) await createByTus(ann);
  const bob = await caller({ tenantId: ann.tenantId, user: "bob" });
  expect((await createByTus(bob)).status).toBe(201);
});

const JSON_BODY = { headers: { "content-type": "application/json" }, body: "{}" };

test("a backend, and the grants it gives together, are limited as a tenant and not as a user", async () => {
  const backend = await caller({ role: "service" });
  const grants = 2 * LIMITS.userCreations + 1;
  for (let n = 0; n < grants; n += 1) {
    const minted = await backend.fetch("/v1/upload-grants", { method: "POST", ...JSON_BODY });
    const { token } = (await minted.json()) as { token: string };
    const headers = { ...creationHeaders(5), authorization: `Bearer ${token}` };
    expect((await backend.fetch("/v1/uploads", { method: "POST", headers })).status).toBe(201);
  }
  await expectLimited(await untilLimited(LIMITS.tenantRequests, () => list(backend), grants));
});

test("one grant is limited as one user is, and takes nothing from the tenant's others", async () => {
  const backend = await caller({ role: "service" });
  const minted = await backend.fetch("/v1/upload-grants", { method: "POST", ...JSON_BODY });
  const { token } = (await minted.json()) as { token: string };
  const holder = { authorization: `Bearer ${token}` };
  const rules = () => backend.fetch("/v1/upload-rules", { headers: holder });
  await expectLimited(await untilLimited(LIMITS.userRequests, rules));
  expect((await list(backend)).status).toBe(200);
});

const MORE_THAN_ALL = 3 * LIMITS.userRequests;

test("an upload goes on though its user may ask for nothing else", async () => {
  const ann = await caller();
  const [location, other] = [await createUpload(ann, MORE_THAN_ALL), await createUpload(ann, 5)];
  const exhaust = () =>
    Promise.all([
      untilLimited(LIMITS.userCreations, () => createByTus(ann), 2),
      untilLimited(LIMITS.userRequests, () => list(ann)),
    ]);
  await exhaust();
  for (let offset = 0; offset < MORE_THAN_ALL; offset += 1) {
    const head = await ann.fetch(location, { method: "HEAD", headers: TUS });
    expect([head.status, head.headers.get("upload-offset")]).toEqual([200, String(offset)]);
    expect((await ann.fetch(location)).status).toBe(204);
    expect((await append(ann, location, offset, "a")).status).toBe(204);
  }
  expect((await ann.fetch(other, { method: "DELETE", headers: TUS })).status).toBe(204);
});

test.each<[string, () => Promise<Response>, number]>([
  ["OPTIONS", () => fetch(new URL("/v1/uploads", worker.url), { method: "OPTIONS" }), 204],
  ["health", () => fetch(new URL("/health", worker.url)), 200],
  ["the API's description", () => fetch(new URL("/openapi.json", worker.url)), 200],
  ["signed URLs", () => fetch(new URL("/d/00000000000000000000000000/a.txt", worker.url)), 403],
  ["reports", () => fetch(new URL(REPORTS_PATH, worker.url), { method: "POST" }), 403],
])("%s are never limited", async (_what, ask, status) => {
  const answers = await Promise.all(Array.from({ length: 2 * LIMITS.tenantRequests + 1 }, ask));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([status]));
});

test("Retry-After is the period of wrangler.toml", () => {
  const config = readFileSync(join(PROJECT_ROOT, "wrangler.toml"), "utf8");
  const entries = config.matchAll(
    /^name = "(?:USER|TENANT)_\w+"\n.*\nsimple = \{ limit = \d+, period = (\d+) \}$/gm,
  );
  const periods = Array.from(entries, (match) => match[1]);
  expect(periods).toEqual(Array.from({ length: 6 }, () => String(PERIOD_SECONDS)));
});
