import { expect, test } from "vitest";
import { parseConfig } from "../../../worker/config.ts";

const SECRET = "a-secret-of-forty-characters-or-so-000000";
const JWKS_URL = "https://issuer.example/jwks.json";

const VALID: Readonly<Record<string, unknown>> = {
  DB: {},
  JWT_ISSUER: "https://issuer.example/",
  JWT_AUDIENCE: "crm",
  JWT_SECRET: SECRET,
  REPORT_SECRET: SECRET,
  SIGNED_URL_KEYS: `a:${SECRET}`,
};

function jwtOf(change: Readonly<Record<string, string>>) {
  return parseConfig({ ...VALID, ...change }).jwt;
}

/** What is said of the wrong keys, one line for each. */
function problemsOf(change: Readonly<Record<string, string>>): string[] {
  try {
    parseConfig({ ...VALID, ...change });
    return [];
  } catch (error) {
    return error instanceof Error ? error.message.split("\n").slice(1) : [];
  }
}

test("with a secret alone only HS256 is accepted, with a key set alone all but that", () => {
  expect(jwtOf({})).toMatchObject({ algorithms: ["HS256"], jwks: undefined });
  const { algorithms, secret, jwks } = jwtOf({ JWT_SECRET: "", JWT_JWKS_URL: JWKS_URL });
  expect({ algorithms, secret, jwks }).toEqual({
    algorithms: ["RS256", "ES256", "EdDSA"],
    secret: undefined,
    jwks: { url: JWKS_URL, maxAgeMs: 300_000, cooldownMs: 10_000 },
  });
  expect(jwtOf({ JWT_JWKS_URL: JWKS_URL }).algorithms).toHaveLength(4);
});

test("the list of algorithms takes some away", () => {
  const both = { JWT_JWKS_URL: JWKS_URL };
  expect(jwtOf({ ...both, JWT_ALGORITHMS: "ES256, HS256" }).algorithms).toEqual(["ES256", "HS256"]);
});

test("audiences are one or a list", () => {
  expect(jwtOf({ JWT_AUDIENCE: "crm" }).audience).toEqual(["crm"]);
  expect(jwtOf({ JWT_AUDIENCE: "crm, https://crm.example" }).audience).toEqual([
    "crm",
    "https://crm.example",
  ]);
});

test.each([
  ["tenant_id", ["tenant_id"]],
  ["https://crm.example/tenant", ["https://crm.example/tenant"]],
  ["org.id", ["org.id"]],
  ["/app_metadata/tenant_id", ["app_metadata", "tenant_id"]],
  ["/a~1b/c~0d/~01", ["a/b", "c~d", "~1"]],
  ["/", [""]],
])("the claim %s", (name, path) => {
  expect(jwtOf({ JWT_TENANT_CLAIM: name }).claims.tenant).toEqual(path);
  expect(jwtOf({ JWT_USER_CLAIM: name }).claims.user).toEqual(path);
  expect(jwtOf({ JWT_ROLE_CLAIM: name }).claims.role).toEqual(path);
});

test("without a map roles have our names, with one only theirs", () => {
  expect([...jwtOf({}).roles]).toEqual([
    ["member", "member"],
    ["admin", "admin"],
    ["service", "service"],
  ]);
  const { roles } = jwtOf({ JWT_ROLES: "crm-admin:admin, urn:crm:user:member" });
  expect([...roles]).toEqual([
    ["crm-admin", "admin"],
    ["urn:crm:user", "member"],
  ]);
});

test.each([
  ["https://issuer.example/keys", true],
  ["http://127.0.0.1:8080/keys", true],
  ["http://localhost/keys", true],
  ["http://[::1]:80/keys", true],
  ["http://issuer.example/keys", false],
  ["http://127.0.0.1.evil.example/keys", false],
  ["http://localhost.evil.example/keys", false],
  ["http://127.0.0.1:80@evil.example/keys", false],
  ["http://localhost:@evil.example/keys", false],
  ["http://[::1]:80@evil.example/keys", false],
  ["http://name:word@127.0.0.1/keys", false],
  ["https://name:word@issuer.example/keys", false],
  ["HTTPS://issuer.example/keys", true],
  ["ftp://issuer.example/keys", false],
  ["keys", false],
])("a key set at %s", (url, isTaken) => {
  const problems = problemsOf({ JWT_JWKS_URL: url });
  expect(problems.map((line) => line.split(":")[0])).toEqual(isTaken ? [] : ["JWT_JWKS_URL"]);
});

test.each([
  ["https://crm.example", true],
  ["http://127.0.0.1:8787", true],
  ["https://crm.example/", false],
  ["https://crm.example/path", false],
  ["https://ann@crm.example", false],
  ["https://CRM.example", false],
  ["crm.example", false],
])("a public origin, and one that files are delivered from: %s", (origin, isTaken) => {
  for (const name of ["PUBLIC_ORIGIN", "DELIVERY_ORIGIN"]) {
    const problems = problemsOf({ [name]: origin });
    expect(problems.map((line) => line.split(":")[0])).toEqual(isTaken ? [] : [name]);
  }
});

test("a leeway may be as long as five minutes", () => {
  expect(jwtOf({ JWT_LEEWAY_SECONDS: "300" }).leewaySeconds).toBe(300);
});

test.each([
  ["neither a secret nor a key set", { JWT_SECRET: "" }, /^JWT_SECRET: .*JWT_JWKS_URL/],
  ["a short secret", { JWT_SECRET: "s".repeat(31) }, /^JWT_SECRET: /],
  [
    "an algorithm that has no secret",
    { JWT_ALGORITHMS: "HS256", JWT_SECRET: "", JWT_JWKS_URL: JWKS_URL },
    /^JWT_ALGORITHMS: .*JWT_SECRET/,
  ],
  ["an algorithm that has no key set", { JWT_ALGORITHMS: "RS256" }, /^JWT_ALGORITHMS: .*JWT_JWKS_URL/],
  ["the algorithm none", { JWT_ALGORITHMS: "none" }, /^JWT_ALGORITHMS: /],
  ["an algorithm that we haven't", { JWT_ALGORITHMS: "HS512" }, /^JWT_ALGORITHMS: /],
  ["a pointer that isn't one", { JWT_TENANT_CLAIM: "/a~2" }, /^JWT_TENANT_CLAIM: /],
  ["a role of ours that isn't there", { JWT_ROLES: "boss:root" }, /^JWT_ROLES: /],
  ["a role without ours", { JWT_ROLES: "boss" }, /^JWT_ROLES: /],
  ["a role twice", { JWT_ROLES: "boss:admin,boss:member" }, /^JWT_ROLES: /],
  ["no audience", { JWT_AUDIENCE: "crm," }, /^JWT_AUDIENCE: /],
  ["a cooldown of nothing", { JWT_JWKS_COOLDOWN_SECONDS: "0" }, /^JWT_JWKS_COOLDOWN_SECONDS: /],
  ["a leeway of more than five minutes", { JWT_LEEWAY_SECONDS: "301" }, /^JWT_LEEWAY_SECONDS: /],
  [
    "a limit beyond what a store's parts can hold",
    { MAX_UPLOAD_BYTES: String(9_000 * 16 * 1024 * 1024 + 1) },
    /^MAX_UPLOAD_BYTES: /,
  ],
  ["a signing key twice", { SIGNED_URL_KEYS: `a:${SECRET},b:${SECRET},a:${SECRET}x` }, /^SIGNED_URL_KEYS: /],
  ["an erasure that waits for nothing", { ERASURE_SETTLE_SECONDS: "0" }, /^ERASURE_SETTLE_SECONDS: /],
  ["an age of nothing", { JWT_JWKS_MAX_AGE_SECONDS: "0" }, /^JWT_JWKS_MAX_AGE_SECONDS: /],
])("%s is refused by the key's name", (_what, change, expected) => {
  expect(problemsOf(change)).toEqual([expect.stringMatching(expected)]);
});

test.each([
  ["a local stack's keys", `local:${SECRET}`, []],
  ["a deployment's keys", `2026-11:${SECRET}`, ["DEVELOPMENT"]],
  ["a deployment's key beside a local one", `local:${SECRET},2026-11:${SECRET}`, ["DEVELOPMENT"]],
])("development is on with %s", (_what, keys, refused) => {
  const problems = problemsOf({ SIGNED_URL_KEYS: keys, DEVELOPMENT: "true" });
  expect(problems.map((line) => line.split(":")[0])).toEqual(refused);
  expect(problemsOf({ SIGNED_URL_KEYS: keys, DEVELOPMENT: "false" })).toEqual([]);
});

test("every wrong key is named at once, and no value is shown", () => {
  const problems = problemsOf({
    ...{
      JWT_SECRET: "too-short-but-secret",
      JWT_ISSUER: "",
      JWT_ALGORITHMS: "secret-1",
      JWT_ROLES: "secret-2",
    },
    ...{ REPORT_SECRET: "secret-3", SIGNED_URL_KEYS: "secret-4", JWT_JWKS_URL: "secret-5" },
  });
  expect(problems.map((line) => line.split(":")[0] ?? "").sort()).toEqual([
    "JWT_ALGORITHMS",
    "JWT_ISSUER",
    "JWT_JWKS_URL",
    "JWT_ROLES",
    "JWT_SECRET",
    "REPORT_SECRET",
    "SIGNED_URL_KEYS",
  ]);
  expect(problems.join()).not.toContain("secret-");
});
