import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { expect, test } from "vitest";
import { AppError } from "#contract/errors.ts";
import { UserId } from "#contract/ids.ts";
import type { AppEnv } from "../../worker/app-env.ts";
import type { Config } from "../../worker/config.ts";
import { answerError } from "../../worker/middleware/problem.ts";
import { idempotent } from "../../worker/routes/idempotent.ts";
import { claimKey, settleKey } from "../../worker/services/idempotency.ts";
import { newTenantId, useDatabases } from "./support/databases.ts";

const databases = useDatabases();
const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LEASE_MS = 60_000;

function requestOf(keyHash: string, fingerprint = "f") {
  return { tenantId, keyHash, fingerprint, leaseMs: LEASE_MS };
}

const tenantId = newTenantId();

function keptAs(text: string) {
  return { text, goodUntilMs: Number.MAX_SAFE_INTEGER };
}

async function take(keyHash: string, nowMs: number): Promise<number> {
  const claim = await claimKey(databases.bindings, requestOf(keyHash), nowMs);
  if (!("takenId" in claim)) throw new Error("It was answered before.");
  return claim.takenId;
}

async function countRows(): Promise<unknown> {
  return databases.bindings.DB.prepare("SELECT count(*) AS n FROM idempotency_keys").first("n");
}

test("an answer is kept for a day, and a request that nobody answered holds its key for its lease", async () => {
  const env = databases.bindings;
  const taken = await take("a", NOW);
  await expect(claimKey(env, requestOf("a"), NOW + LEASE_MS - 1)).rejects.toMatchObject({
    code: "IDEMPOTENCY_KEY_IN_USE",
  });
  await settleKey(env, requestOf("a"), taken, keptAs("answer"));
  expect(await claimKey(env, requestOf("a"), NOW + DAY_MS - 1)).toEqual({ answer: "answer" });
  await expect(claimKey(env, requestOf("a", "another"), NOW + DAY_MS - 1)).rejects.toMatchObject({
    code: "IDEMPOTENCY_KEY_REUSED",
  });

  const abandoned = await take("b", NOW);
  const again = await take("b", NOW + LEASE_MS);
  // Who comes late changes nothing of the one that took it over.
  await settleKey(env, requestOf("b"), again, keptAs("second"));
  await settleKey(env, requestOf("b"), abandoned, keptAs("late"));
  expect(await claimKey(env, requestOf("b"), NOW + LEASE_MS)).toEqual({ answer: "second" });
});

test("what is older than a day goes as others come", async () => {
  for (const key of ["c", "d", "e", "f"]) await take(key, NOW);
  await take("a", NOW + DAY_MS);
  for (const key of ["g", "h", "i"]) await take(key, NOW + 2 * DAY_MS);
  expect(await countRows()).toBe(3);
});

type Outcome = "made" | "made for an hour" | "failed" | "failed though stored" | "refused";

/** A route that heeds the key and does as it is told: the answers to requests that are all the same. */
function routeOf(body: "json" | "file") {
  const outcomes: Outcome[] = [];
  let done = 0;
  const app = new Hono<AppEnv>().onError(answerError);
  const config = { signingKeys: [{ kid: "k1", secret: "s".repeat(32) }] } as unknown as Config;
  app.use(async (c, next) => {
    c.set("config", config);
    c.set("identity", { tenantId, userId: UserId.parse("ann"), role: "service" });
    await next();
  });
  app.post("/things", idempotent("makeThing", body), (c) => {
    const outcome = outcomes[done];
    done += 1;
    if (outcome === "made") return c.json({ number: done }, 201);
    if (outcome === "made for an hour") {
      c.set("isGoodUntilMs", Date.now() + HOUR_MS);
      return c.json({ number: done }, 201);
    }
    if (outcome === "refused") throw new AppError("REQUEST_INVALID");
    if (outcome === "failed though stored") c.set("isStored", true);
    throw new AppError("SERVICE_UNAVAILABLE");
  });
  const awaited: Promise<unknown>[] = [];
  const waitUntil = (work: Promise<unknown>) => void awaited.push(work);
  const context = { waitUntil, passThroughOnException: () => {}, props: {} };
  const key = randomUUID();
  const send = async () => {
    const headers = { "idempotency-key": key, "content-type": "application/json" };
    const init = { method: "POST", headers, body: "{}" };
    const answer = await app.request("/things", init, databases.bindings, context);
    return answer.json<unknown>();
  };
  return { outcomes, send, awaited, countDone: () => done };
}

/** As if all that is under way had begun so much earlier. */
async function pass(ms: number): Promise<void> {
  await databases.bindings.DB.prepare("UPDATE idempotency_keys SET begun_at_ms = begun_at_ms - ?")
    .bind(ms)
    .run();
}

const IN_USE = { status: 409, code: "IDEMPOTENCY_KEY_IN_USE" };
const FAILED = { status: 503, code: "SERVICE_UNAVAILABLE" };

test.each([
  ["json", "failed", 60_000],
  ["file", "failed though stored", 600_000],
] as const)("%s that %s may be made all the same: its key is taken for %d ms", async (body, outcome, ms) => {
  const route = routeOf(body);
  route.outcomes.push(outcome, "made", "made");
  expect(await route.send()).toMatchObject(FAILED);
  expect(await route.send()).toMatchObject(IN_USE);
  expect(route.countDone()).toBe(1);
  await pass(ms);
  expect(await route.send()).toEqual({ number: 2 });
  expect(await route.send()).toEqual({ number: 2 });
});

test.each([
  ["a file whose storing failed", "file", "failed"],
  ["what was refused", "json", "refused"],
] as const)("%s isn't there: its key is free at once", async (_, body, outcome) => {
  const route = routeOf(body);
  route.outcomes.push(outcome, "made");
  expect(await route.send()).toMatchObject({ status: outcome === "failed" ? 503 : 400 });
  expect(await route.send()).toEqual({ number: 2 });
});

test("what is good for an hour is answered again for an hour, and made anew behind it", async () => {
  const route = routeOf("json");
  route.outcomes.push("made for an hour", "made for an hour");
  expect(await route.send()).toEqual({ number: 1 });
  await pass(HOUR_MS - 60_000);
  expect(await route.send()).toEqual({ number: 1 });
  await pass(60_000);
  expect(await route.send()).toEqual({ number: 2 });
});

test("an answer is kept though nobody waits for it", async () => {
  const route = routeOf("json");
  route.outcomes.push("made");
  const sent = route.send();
  await expect.poll(() => route.awaited, { interval: 5 }).toHaveLength(1);
  await route.awaited[0];
  const { DB } = databases.bindings;
  const newest = "SELECT answer FROM idempotency_keys ORDER BY id DESC LIMIT 1";
  expect(await DB.prepare(newest).first("answer")).toMatch(/^k1\./);
  await sent;
});
