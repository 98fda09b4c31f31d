import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { esbuild } from "./from-wrangler.ts";

const run = promisify(execFile);
const require = createRequire(import.meta.url);

export const PROJECT_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const WRANGLER_CONFIG = join(PROJECT_ROOT, "wrangler.toml");

/** Keeps wrangler and miniflare from asking the network for anything. */
export const QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
} as const;

/** Runs a script of Node's in the project. Throws with what it printed when it fails. */
export async function runNode(
  script: string,
  args: readonly string[],
  settings: NodeJS.ProcessEnv = {},
): Promise<void> {
  const env = { ...process.env, ...QUIET, NO_COLOR: "1", ...settings };
  try {
    await run(process.execPath, [script, ...args], { cwd: PROJECT_ROOT, env });
  } catch (error) {
    const output = error as { stdout?: string; stderr?: string };
    throw new Error(`${output.stdout ?? ""}${output.stderr ?? ""}`.trim(), { cause: error });
  }
}

function binOf(packageName: string, path: string): string {
  return join(dirname(require.resolve(`${packageName}/package.json`)), path);
}

/** Builds the demo page into `directory`. */
export async function buildDemo(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const args = ["build", "client/demo", "--outDir", directory, "--emptyOutDir", "--logLevel", "warn"];
  // As people get it, whatever kind of run builds it: React's other build takes a page twice the time.
  await runNode(binOf("vite", "bin/vite.js"), args, { NODE_ENV: "production" });
}

/** Bundles the worker as a deployment does, by wrangler itself, and returns the path of its main module. */
export async function bundleWorker(outDirectory: string, assetsDirectory: string): Promise<string> {
  await mkdir(assetsDirectory, { recursive: true });
  const args = ["deploy", "--dry-run", "--outdir", outDirectory, "--assets", assetsDirectory];
  await runNode(binOf("wrangler", "bin/wrangler.js"), args);
  return join(outDirectory, "index.js");
}

/** Bundles a worker of the development stack itself into one ES module. */
export async function bundleDevWorker(entry: string): Promise<string> {
  const result = await esbuild.build({
    entryPoints: [join(PROJECT_ROOT, entry)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:workers", "node:*"],
  });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error(`${entry} gave no bundle.`);
  return output.text;
}
