import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodeJwt, jwtVerify } from "jose";
import { expect, onTestFinished, test } from "vitest";
import { PROJECT_ROOT } from "../../scripts/dev/bundle.ts";
import {
  keepTokenSettings,
  parseTokenVariables,
  readTokenSettings,
} from "../../scripts/dev/token-settings.ts";
import { readOptions } from "../../scripts/replicas/options.ts";

const run = promisify(execFile);

/** What `npm run token` prints on the state of a stack that was started with these variables. */
async function tokenOf(env: Readonly<Record<string, string>>, role = "member"): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "causeway-token-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  keepTokenSettings(directory, readTokenSettings(env));
  const args = [
    join(PROJECT_ROOT, "scripts", "token.ts"),
    "--tenant",
    "acme",
    "--user",
    "ann",
    "--role",
    role,
  ];
  const { stdout } = await run(process.execPath, args, {
    env: { PATH: process.env["PATH"], CAUSEWAY_STATE: directory },
  });
  return stdout.trim();
}

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
