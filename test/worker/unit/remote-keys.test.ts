import { exportJWK, generateKeyPair } from "jose";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { RemoteKeys } from "../../../worker/middleware/remote-keys.ts";

const HEADER = { alg: "ES256", kid: "old" };
const UNKNOWN = { alg: "ES256", kid: "unknown" };
const MAX_AGE_MS = 300_000;
const COOLDOWN_MS = 10_000;
const DAY_MS = 24 * 3_600_000;

let jwks: string;

beforeAll(async () => {
  const { publicKey } = await generateKeyPair("ES256", { extractable: true });
  jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "old", alg: "ES256" }] });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Keys whose issuer answers what `answer` makes, with a clock that the test moves. */
function remoteKeys(answer: () => Promise<Response>) {
  const asked = vi.fn<typeof answer>(answer);
  vi.stubGlobal("fetch", asked);
  const clock = { nowMs: 1_000_000 };
  const config = { url: "https://issuer.example/keys", maxAgeMs: MAX_AGE_MS, cooldownMs: COOLDOWN_MS };
  const keys = new RemoteKeys(config, { nowMs: () => clock.nowMs, keepAlive: () => {} });
  return { keys, clock, asked, find: (header = HEADER) => keys.find(header).then(() => "found", codeOf) };
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}

async function answers(): Promise<Response> {
  return new Response(jwks);
}

async function fails(): Promise<Response> {
  throw new TypeError("Nobody is there.");
}

const NO_KEY = "ERR_JWKS_NO_MATCHING_KEY";
const UNAVAILABLE = "SERVICE_UNAVAILABLE";

test.each([
  [0, 1],
  [MAX_AGE_MS - 1, 1],
  [MAX_AGE_MS, 2],
])("a key that is known is asked for again when the set is old: after %i ms", async (ageMs, fetches) => {
  const { find, clock, asked } = remoteKeys(answers);
  expect(await find()).toBe("found");
  clock.nowMs += ageMs;
  expect(await find()).toBe("found");
  expect(asked).toHaveBeenCalledTimes(fetches);
});

test.each([
  [0, 1],
  [COOLDOWN_MS - 1, 1],
  [COOLDOWN_MS, 2],
])("an unknown key is asked for once per cooldown: after %i ms", async (waitedMs, fetches) => {
  const { find, clock, asked } = remoteKeys(answers);
  expect(await find(UNKNOWN)).toBe(NO_KEY);
  clock.nowMs += waitedMs;
  for (let n = 0; n < 50; n += 1) expect(await find({ alg: "ES256", kid: `unknown-${n}` })).toBe(NO_KEY);
  expect(asked).toHaveBeenCalledTimes(fetches);
});

test("a set that can't be had is asked for once per cooldown, and says so, with when to come again", async () => {
  const { find, keys, clock, asked } = remoteKeys(fails);
  for (let n = 0; n < 50; n += 1) expect(await find()).toBe(UNAVAILABLE);
  expect(asked).toHaveBeenCalledTimes(1);
  clock.nowMs += COOLDOWN_MS - 3_000;
  const refusal = keys.find(UNKNOWN);
  await expect(refusal).rejects.toMatchObject({ code: UNAVAILABLE, headers: { "Retry-After": "3" } });
});

test.each([
  [DAY_MS - 1, "found"],
  [DAY_MS, UNAVAILABLE],
])("a known key is used while its set can't be had, for a day: %i ms", async (ageMs, expected) => {
  const { find, clock, asked } = remoteKeys(answers);
  expect(await find()).toBe("found");
  asked.mockImplementation(fails);
  clock.nowMs += ageMs;
  expect(await find()).toBe(expected);
  expect(await find(UNKNOWN)).toBe(UNAVAILABLE);
});

test("a key that was withdrawn is refused as soon as the set is had again", async () => {
  const { find, clock, asked } = remoteKeys(answers);
  expect(await find()).toBe("found");
  asked.mockImplementation(async () => new Response(jwks.replace('"old"', '"new"')));
  clock.nowMs += MAX_AGE_MS;
  expect(await find()).toBe(NO_KEY);
  expect(await find({ alg: "ES256", kid: "new" })).toBe("found");
});

test("while one asks, others wait for it, and those whose key is known do not", async () => {
  const { find, clock, asked } = remoteKeys(answers);
  expect(await find()).toBe("found");
  clock.nowMs += MAX_AGE_MS;
  const pending = Promise.withResolvers<Response>();
  asked.mockImplementation(() => pending.promise);
  const first = find();
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(2));
  const unknown = find({ alg: "ES256", kid: "new" });
  expect(await find()).toBe("found");
  pending.resolve(new Response(jwks.replace('"old"', '"new"')));
  expect(await Promise.all([first, unknown])).toEqual([NO_KEY, "found"]);
  expect(asked).toHaveBeenCalledTimes(2);
});

test.each([
  ["no JSON", () => new Response("<html>")],
  ["no set", () => new Response('{"keys":"none"}')],
  ["null", () => new Response("null")],
  ["a set without keys", () => new Response('{"keys":[]}')],
  ["another status", () => new Response(jwks, { status: 203 })],
  ["too much", () => new Response(jwks.replace("{", `{"padding":"${"x".repeat(256 * 1024)}",`))],
])("an answer that is %s doesn't replace what is known", async (_what, answer) => {
  const { find, clock, asked } = remoteKeys(answers);
  expect(await find()).toBe("found");
  asked.mockImplementation(async () => answer());
  clock.nowMs += MAX_AGE_MS;
  expect(await find()).toBe("found");
  expect(asked).toHaveBeenCalledTimes(2);
  expect(await find(UNKNOWN)).toBe(UNAVAILABLE);
});

test("a key that can't be used is no fault of the token", async () => {
  const broken = JSON.stringify({ keys: [{ kty: "EC", crv: "P-256", kid: "old", x: "AA", y: "AA" }] });
  const { find } = remoteKeys(async () => new Response(broken));
  expect(await find()).toBe(UNAVAILABLE);
});
