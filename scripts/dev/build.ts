import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { buildChildren } from "../../processor/build-children.ts";
import { buildDemo, bundleDevWorker, bundleWorker, runNode, WRANGLER_CONFIG } from "./bundle.ts";

/** Everything that a stack runs and that is made of the sources. */
export interface Build {
  /** The product's worker, as a deployment would have it. */
  readonly workerPath: string;
  /** What wrangler.toml says of it, as options of miniflare's. */
  readonly workerOptions: Readonly<Record<string, unknown>>;
  readonly queueBridge: string;
  readonly rateLimiter: string;
  readonly sideDoor: string;
  /** The demo page's directory; empty where it wasn't wanted. */
  readonly demoDirectory: string;
}

/** Written last: with it, all of it is there. */
const OPTIONS_FILE = "worker-options.json";
const QUEUE_BRIDGE_FILE = "queue-bridge.js";
const RATE_LIMITER_FILE = "rate-limiter.js";
const SIDE_DOOR_FILE = "side-door.js";

/**
 * Builds into `directory`, in a process of its own: what building takes is given back when it is over. Where
 * CAUSEWAY_BUILD names the directory of an earlier build that one is taken: tests start dozens of stacks of one source.
 */
export async function build(directory: string, withDemo: boolean): Promise<Build> {
  const shared = process.env["CAUSEWAY_BUILD"];
  if (shared !== undefined) return readBuild(shared);
  await runNode(fileURLToPath(import.meta.url), [directory, ...(withDemo ? ["--demo"] : [])]);
  return readBuild(directory);
}

async function readBuild(directory: string): Promise<Build> {
  const [options, queueBridge, rateLimiter, sideDoor] = await Promise.all(
    [OPTIONS_FILE, QUEUE_BRIDGE_FILE, RATE_LIMITER_FILE, SIDE_DOOR_FILE].map((name) =>
      readFile(join(directory, name), "utf8"),
    ),
  );
  return {
    workerPath: join(directory, "worker", "index.js"),
    workerOptions: z.record(z.string(), z.unknown()).parse(JSON.parse(options ?? "")),
    queueBridge: queueBridge ?? "",
    rateLimiter: rateLimiter ?? "",
    sideDoor: sideDoor ?? "",
    demoDirectory: join(directory, "demo"),
  };
}

async function makeBuild(directory: string, withDemo: boolean): Promise<void> {
  const demo = join(directory, "demo");
  await mkdir(demo, { recursive: true });
  const [options, queueBridge, rateLimiter, sideDoor] = await Promise.all([
    readOptions(demo),
    bundleDevWorker("scripts/dev/queue-bridge/index.ts"),
    bundleDevWorker("scripts/dev/rate-limiter/index.ts"),
    bundleDevWorker("scripts/dev/side-door/index.ts"),
    bundleWorker(join(directory, "worker"), demo),
    withDemo ? buildDemo(demo) : undefined,
    buildChildren(),
  ]);
  await writeFile(join(directory, QUEUE_BRIDGE_FILE), queueBridge);
  await writeFile(join(directory, RATE_LIMITER_FILE), rateLimiter);
  await writeFile(join(directory, SIDE_DOOR_FILE), sideDoor);
  await writeFile(join(directory, OPTIONS_FILE), JSON.stringify(options));
}

async function readOptions(assetsDirectory: string): Promise<unknown> {
  // Before wrangler is loaded, which reads it then: its warnings about our own configuration are nothing to act on.
  process.env["WRANGLER_LOG"] ??= "error";
  const { unstable_getMiniflareWorkerOptions: read } = await import("wrangler");
  return read(WRANGLER_CONFIG, undefined, { overrides: { assets: { directory: assetsDirectory } } })
    .workerOptions;
}

/** As `bundleDevWorker`, once for all tests of a run. */
export async function bundleOnce(entry: string): Promise<string> {
  const shared = process.env["CAUSEWAY_BUILD"];
  if (shared === undefined) return bundleDevWorker(entry);
  const path = join(shared, `${entry.replaceAll("/", "-")}.js`);
  if (existsSync(path)) return readFile(path, "utf8");
  const script = await bundleDevWorker(entry);
  // Renamed into place: whoever else is at it finds all of it or nothing.
  await writeFile(`${path}.${process.pid}`, script);
  await rename(`${path}.${process.pid}`, path);
  return script;
}

if (import.meta.main) {
  const [directory = "", demo] = process.argv.slice(2);
  await makeBuild(directory, demo === "--demo");
  // Whatever wrangler and esbuild keep for a next time.
  process.exit(0);
}
