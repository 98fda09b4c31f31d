/**
 * Starts one worker in a workerd of its own, its bucket's bytes going to the sink process. A workerd each, so that the
 * peak of one contestant's memory isn't another's; samples are interleaved, so that ratios stand on one machine state.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type * as Esbuild from "esbuild";
import type * as MiniflareModule from "miniflare";
import { COMPATIBILITY } from "../scripts/dev/compatibility.ts";
import { readIsolateBytes } from "./isolate-memory.ts";
import { findWorkerdPids } from "./process-usage.ts";
import type { Rig } from "./rig.ts";
import type { ServerProcess } from "./server-process.ts";
import type { Sinks } from "./sinks.ts";

// wrangler's own copies, so that the bench runs the workerd and the bundler that development and deployment use.
const requireFromWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
const { Miniflare, convertV4MiniflareOptions } = requireFromWrangler("miniflare") as typeof MiniflareModule;
const { build } = requireFromWrangler("esbuild") as typeof Esbuild;

/** A file system in memory, as every Linux has it. */
const MEMORY_FILES = "/dev/shm";
/** For bindings by which the worker under test reaches itself. */
export const WORKER_NAME = "under-test";

/** Bindings beside `SINK` and `DATABASE`, in the words of miniflare's (v4) worker options. */
export type WorkerBindings = Pick<
  MiniflareModule.V4WorkerOptionsShape,
  "bindings" | "d1Databases" | "durableObjects" | "queueProducers" | "ratelimits" | "serviceBindings"
>;

export interface WorkerUnderTest {
  readonly entry: URL;
  readonly bindings: WorkerBindings;
  /** Where databases of its own are kept; in memory without it. */
  readonly persistTo?: string;
  readonly v8Flags?: readonly string[];
  /** Whether `isolateBytes` can be asked. */
  readonly isInspected?: boolean;
}

export interface WorkerRig extends Rig {
  /** Takes an idle Durable Object out of memory, as the platform does: the next request finds only what is stored. */
  evictObject(className: string, name: string): Promise<void>;
  /** What the worker's isolate has: its heap and the buffers behind it, which the platform's 128 MB are the limit of. */
  isolateBytes(): Promise<number>;
}

async function bundle(entry: URL): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser", "import"],
    external: ["node:*", "cloudflare:*"],
    // CommonJS dependencies ask for built-ins by require().
    alias: { util: "node:util", tty: "node:tty", os: "node:os" },
    banner: { js: 'import { createRequire as __cr } from "node:module"; const require = __cr("/");' },
    logLevel: "error",
  });
  return result.outputFiles[0]?.text ?? "";
}

function externalService({ origin }: ServerProcess) {
  return { external: { address: origin.host, http: {} } };
}

/**
 * Where the objects have their SQLite. In memory, for all contestants alike: a disk's syncs stop all of workerd, and
 * making and deleting files is 1 to 5 ms of the kernel for each object, more than all else that a small file takes, and
 * the more the more files were deleted a moment ago. In production neither is in the process.
 */
function makeObjectDirectory(): string {
  return mkdtempSync(join(existsSync(MEMORY_FILES) ? MEMORY_FILES : tmpdir(), "causeway-bench-"));
}

function miniflareOptions(worker: WorkerUnderTest, script: string, sinks: Sinks, objectDirectory: string) {
  return convertV4MiniflareOptions({
    cf: false,
    resourcePersistencePath: objectDirectory,
    telemetry: { enabled: false },
    ...(worker.isInspected === true && { inspectorPort: 0 }),
    ...(worker.persistTo !== undefined && { resourcePersistencePath: worker.persistTo }),
    workers: [
      {
        ...worker.bindings,
        name: WORKER_NAME,
        modules: [{ type: "ESModule", path: "worker.mjs", contents: script }],
        ...COMPATIBILITY,
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        serviceBindings: {
          ...worker.bindings.serviceBindings,
          SINK: externalService(sinks.bucket),
          DATABASE: externalService(sinks.database),
        },
      },
    ],
  });
}

/** miniflare takes them from the environment only. */
async function withV8Flags(flags: readonly string[], start: () => Promise<unknown>): Promise<void> {
  if (flags.length > 0) process.env["MINIFLARE_WORKERD_V8_FLAGS"] = flags.join(" ");
  try {
    await start();
  } finally {
    delete process.env["MINIFLARE_WORKERD_V8_FLAGS"];
  }
}

/** Bundles the worker and starts it; requests to `origin` reach it without passing miniflare's entry worker. */
export async function startWorkerRig(worker: WorkerUnderTest, sinks: Sinks): Promise<WorkerRig> {
  const script = await bundle(worker.entry);
  const before = new Set(findWorkerdPids());
  const objectDirectory = makeObjectDirectory();
  const miniflare = new Miniflare(miniflareOptions(worker, script, sinks, objectDirectory));
  await withV8Flags(worker.v8Flags ?? [], () => miniflare.ready);
  const pid = findWorkerdPids().find((candidate) => !before.has(candidate));
  if (pid === undefined) throw new Error("miniflare started no workerd that can be found in /proc");
  return {
    origin: await miniflare.unsafeGetDirectURL(WORKER_NAME),
    pid,
    isolateBytes: async () => readIsolateBytes(await miniflare.getInspectorURL(), WORKER_NAME),
    evictObject: (className, name) => miniflare.unsafeEvictDurableObject(WORKER_NAME, className, { name }),
    // Bytes are in the sink, which keeps none.
    discardStored: async () => {},
    async stop() {
      await miniflare.dispose();
      rmSync(objectDirectory, { recursive: true, force: true });
    },
  };
}
