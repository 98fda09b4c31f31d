import { beforeEach, expect, test } from "vitest";
import { Identity } from "#contract/ids.ts";
import { parseConfig } from "../../../worker/config.ts";
import { VerifiedTokens } from "../../../worker/middleware/verified-tokens.ts";

const SECRET = "a-secret-of-forty-characters-or-so-000000";
const IDENTITY = Identity.parse({ tenantId: "acme", userId: "ann", role: "member" });
const LEEWAY_SECONDS = 60;
const EXPIRES_AT = 1_000;

function newConfig() {
  const secrets = { JWT_SECRET: SECRET, REPORT_SECRET: SECRET, SIGNED_URL_KEYS: `a:${SECRET}` };
  const names = { JWT_ISSUER: "us", JWT_AUDIENCE: "us", JWT_LEEWAY_SECONDS: String(LEEWAY_SECONDS) };
  return parseConfig({ DB: {}, ...names, ...secrets }).jwt;
}

const config = newConfig();
let nowMs: number;
let key: unknown;
let tokens: VerifiedTokens;
beforeEach(() => {
  nowMs = 0;
  key = {};
  tokens = new VerifiedTokens({ nowMs: () => nowMs, keyFor: async () => key });
});

function remember(token: string): void {
  const header = { alg: "HS256" };
  tokens.remember(token, { identity: IDENTITY, header, key, expiresAt: EXPIRES_AT }, config);
}

test("a token that was verified is recalled, and another isn't", async () => {
  remember("known");
  expect(await tokens.recall("known", config)).toEqual(IDENTITY);
  expect(await tokens.recall("unknown", config)).toBeUndefined();
});

test("a token is recalled until its end and the leeway, and no longer", async () => {
  remember("known");
  nowMs = (EXPIRES_AT + LEEWAY_SECONDS) * 1_000 - 1;
  expect(await tokens.recall("known", config)).toEqual(IDENTITY);
  nowMs += 1;
  expect(await tokens.recall("known", config)).toBeUndefined();
});

test("a token isn't recalled once it would have to be signed with another key", async () => {
  remember("known");
  key = {};
  expect(await tokens.recall("known", config)).toBeUndefined();
});

test("a token whose key can't be had isn't recalled: verifying tells why", async () => {
  const keyless = new VerifiedTokens({
    nowMs: () => nowMs,
    keyFor: () => Promise.reject(new Error("no key")),
  });
  keyless.remember(
    "known",
    { identity: IDENTITY, header: { alg: "RS256" }, key, expiresAt: EXPIRES_AT },
    config,
  );
  expect(await keyless.recall("known", config)).toBeUndefined();
});

test("a token is known under the configuration alone that it was verified by", async () => {
  remember("known");
  expect(await tokens.recall("known", newConfig())).toBeUndefined();
});

test("the oldest is forgotten for a new one, and a very long one isn't kept", async () => {
  for (let number = 0; number <= 500; number += 1) remember(`token ${number}`);
  expect(await tokens.recall("token 0", config)).toBeUndefined();
  expect(await tokens.recall("token 1", config)).toEqual(IDENTITY);
  expect(await tokens.recall("token 500", config)).toEqual(IDENTITY);
  remember("x".repeat(4_097));
  expect(await tokens.recall("x".repeat(4_097), config)).toBeUndefined();
});
