import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { PROJECT_ROOT, QUIET } from "../../scripts/dev/bundle.ts";

const run = promisify(execFile);

async function inProject(script: string, ...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], NO_COLOR: "1", ...QUIET };
  const { stdout } = await run(process.execPath, [join(PROJECT_ROOT, script), ...args], {
    ...{ cwd: PROJECT_ROOT, env },
  });
  return stdout;
}

test("what is checked out deploys, with the reference's assets, and without the demo and local credentials", async () => {
  const outDirectory = await mkdtemp(join(tmpdir(), "causeway-deployment-"));
  onTestFinished(() => rm(outDirectory, { recursive: true, force: true }));
  await rm(join(PROJECT_ROOT, "dist", "assets"), { recursive: true, force: true });
  await inProject("scripts/build.ts");
  const wrangler = "node_modules/wrangler/bin/wrangler.js";
  const said = await inProject(wrangler, "deploy", "--dry-run", "--outdir", outDirectory);
  for (const binding of ["UPLOADS", "JOBS", "DB", "BUCKET", "ASSETS"])
    expect(said).toContain(`env.${binding} `);

  const assets = readdirSync(join(PROJECT_ROOT, "dist", "assets"), { recursive: true, encoding: "utf8" });
  expect(assets.toSorted()).toEqual([
    "_headers",
    "docs",
    "docs/reference.css",
    "docs/reference.js",
    "docs/scalar.js",
  ]);
  const bundle = await readFile(join(outDirectory, "index.js"), "utf8");
  const config = await readFile(join(PROJECT_ROOT, "wrangler.toml"), "utf8");
  for (const text of [bundle, config]) expect(text).not.toMatch(/causeway-local|s3_credentials/);
  // Under workerd's limit for paid plans: 10 MB compressed (developers.cloudflare.com/workers/platform/limits).
  expect(bundle.length).toBeLessThan(4_000_000);
  expect(config).toMatch(/\[observability\]\nenabled = true/);
});
