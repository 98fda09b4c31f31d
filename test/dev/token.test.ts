import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodeJwt, jwtVerify } from "jose";
import { expect, onTestFinished, test } from "vitest";
import { PROJECT_ROOT } from "../../scripts/dev/bundle.ts";
import { lockState } from "../../scripts/dev/state.ts";
import {
  describeUntoldClaims,
  keepTokenSettings,
  parseTokenVariables,
  readTokenSettings,
} from "../../scripts/dev/token-settings.ts";
import { readOptions } from "../../scripts/replicas/options.ts";

const run = promisify(execFile);

function newState(): string {
  const directory = mkdtempSync(join(tmpdir(), "causeway-token-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** What `npm run token` prints on the state of a stack that was started with these variables. */
async function tokenOf(env: Readonly<Record<string, string>>, role = "member"): Promise<string> {
  const directory = newState();
  keepTokenSettings(directory, readTokenSettings(env));
  return (await printToken(directory, role)).stdout.trim();
}

function printToken(directory: string, role = "member") {
  const args = [
    join(PROJECT_ROOT, "scripts", "token.ts"),
    "--tenant",
    "acme",
    "--user",
    "ann",
    "--role",
    role,
  ];
  return run(process.execPath, args, { env: { PATH: process.env["PATH"], CAUSEWAY_STATE: directory } });
}

test("where no stack has been started, or none runs, that is said beside the token", async () => {
  const directory = newState();
  const unknown = await printToken(directory);
  expect(unknown.stderr).toContain(`No stack has been started on ${directory}: `);
  expect(unknown.stdout).toMatch(/^eyJ[\w.-]+\n$/);
  expect((await printToken(directory)).stderr).toContain(`No stack is running on ${directory}: `);
  const unlock = lockState(directory);
  onTestFinished(unlock);
  expect((await printToken(directory)).stderr).toBe("");
});

test("a start with an issuer's keys and without its name says what tokens have to have", () => {
  const keys = { JWT_JWKS_URL: "https://crm.example/keys" };
  expect(describeUntoldClaims(keys)).toBe(
    'JWT_ISSUER and JWT_AUDIENCE aren\'t set: a token has to have iss "causeway" and aud "causeway", or it is refused.',
  );
  expect(describeUntoldClaims({ ...keys, JWT_ISSUER: "https://crm.example" })).toMatch(
    /^JWT_AUDIENCE isn't set: a token has to have aud "causeway"/,
  );
  expect(describeUntoldClaims({ ...keys, JWT_ISSUER: "a", JWT_AUDIENCE: "b" })).toBeUndefined();
  expect(describeUntoldClaims({ JWT_SECRET: "" })).toBeUndefined();
});

test("a token is as the stack's own issuer would make it", async () => {
  const secret = "the-crm-s-own-secret-of-forty-characters";
  const token = await tokenOf({
    ...{ JWT_SECRET: secret, JWT_ISSUER: "https://crm.example", JWT_AUDIENCE: "files" },
    ...{ JWT_TENANT_CLAIM: "/app_metadata/tenant_id", JWT_ROLES: "crm-user:member" },
  });
  await jwtVerify(token, new TextEncoder().encode(secret), {
    issuer: "https://crm.example",
    audience: "files",
  });
  expect(decodeJwt(token)).toMatchObject({
    app_metadata: { tenant_id: "acme" },
    sub: "ann",
    role: "crm-user",
  });
});

const KEYS_ELSEWHERE = { JWT_JWKS_URL: "https://crm.example/keys" };

test.each<[string, Readonly<Record<string, string>>, string]>([
  ["there is no secret", { ...KEYS_ELSEWHERE, JWT_SECRET: "" }, "takes no tokens by a shared secret"],
  [
    "no other algorithm is taken",
    { ...KEYS_ELSEWHERE, JWT_ALGORITHMS: "RS256" },
    "from the issuer whose keys",
  ],
  [
    "the issuer has no such role",
    { JWT_ROLES: "crm-admin:admin" },
    "JWT_ROLES has no name for the role member",
  ],
])("where %s, it is said why there is none", async (_why, env, said) => {
  await expect(tokenOf(env)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining(said) as string,
  });
});

test("settings that can't work are named before anything is started, and no value is told", () => {
  const bad = readTokenSettings({
    JWT_SECRET: "short",
    JWT_JWKS_URL: "http://crm.example",
    JWT_ROLES: "root",
  });
  expect(() => parseTokenVariables(bad)).toThrow(/^JWT_SECRET: .*\nJWT_JWKS_URL: .*\nJWT_ROLES: [^"]*$/);
});

test.each(["https://files.example", "http://127.0.0.1.evil.example"])(
  "the tool for copies signs none for %s: it has to be given one",
  async (url) => {
    const args = ["verify", "--tenant", "acme", "--url", url];
    const env = { CAUSEWAY_STATE: "/nowhere" };
    await expect(readOptions(args, env)).rejects.toThrow("--token is missing");
  },
);
