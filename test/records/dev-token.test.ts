import { Hono } from "hono";
import { expect, test } from "vitest";
import type { AppEnv } from "../../worker/app-env.ts";
import type { Config } from "../../worker/config.ts";
import { configOf } from "../../worker/config.ts";
import { answerError } from "../../worker/middleware/problem.ts";
import { dev } from "../../worker/routes/dev.ts";

/** Tokens that are given away are a local stack's own. */

const SECRET = "s".repeat(32);
const VARS = {
  ...{ JWT_ISSUER: "https://crm.example", JWT_AUDIENCE: "files", JWT_SECRET: SECRET, REPORT_SECRET: SECRET },
  ...{ SIGNED_URL_KEYS: `local:${SECRET}`, PUBLIC_ORIGIN: "http://127.0.0.1:8787", DEVELOPMENT: "true" },
  DB: {},
};

async function askOf(config: Config): Promise<number> {
  const app = new Hono<AppEnv>().onError(answerError).use(async (c, next) => {
    c.set("config", config);
    await next();
  });
  app.route("/v1/dev", dev);
  const body = JSON.stringify({ tenant: "acme", user: "ann", role: "admin" });
  const headers = { "content-type": "application/json" };
  const { status } = await app.request("http://127.0.0.1:8787/v1/dev/token", {
    method: "POST",
    headers,
    body,
  });
  return status;
}

test("none is signed by a secret that was given, nor where it isn't a development stack", async () => {
  expect(await askOf(configOf({ ...VARS, DEVELOPMENT_TOKENS: "true" }))).toBe(200);
  expect(await askOf(configOf({ ...VARS, DEVELOPMENT_TOKENS: "false" }))).toBe(404);
  expect(await askOf(configOf({ ...VARS, DEVELOPMENT_TOKENS: "true", DEVELOPMENT: "false" }))).toBe(404);
});
