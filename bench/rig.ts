/**
 * Starts one worker in a workerd of its own, its bucket's bytes going to the sink process. A workerd each, so that the
 * peak of one contestant's memory isn't another's; samples are interleaved, so that ratios stand on one machine state.
 */
import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type * as Esbuild from "esbuild";
import type * as MiniflareModule from "miniflare";
import { findWorkerdPids } from "./process-usage.ts";

// wrangler's own copies, so that the bench runs the workerd and the bundler that development and deployment use.
const requireFromWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
const { Miniflare, convertV4MiniflareOptions } = requireFromWrangler("miniflare") as typeof MiniflareModule;
const { build } = requireFromWrangler("esbuild") as typeof Esbuild;

const COMPATIBILITY_DATE = "2026-11-17";
/** For bindings by which the worker under test reaches itself. */
export const WORKER_NAME = "under-test";

export type Runtime = InstanceType<typeof MiniflareModule.Miniflare>;

/** Bindings beside `SINK`, in the words of miniflare's (v4) worker options. */
export type WorkerBindings = Pick<
  MiniflareModule.V4WorkerOptionsShape,
  "bindings" | "d1Databases" | "durableObjects" | "queueProducers" | "ratelimits" | "serviceBindings"
>;

export interface WorkerUnderTest {
  readonly entry: URL;
  readonly bindings: WorkerBindings;
  /** What has to be done before the first request, such as making tables. */
  readonly prepare?: (runtime: Runtime) => Promise<void>;
}

export interface Sink {
  readonly port: number;
  stop(): void;
}

export interface Rig {
  readonly origin: URL;
  readonly workerdPid: number;
  stop(): Promise<void>;
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

/** Starts bench/sink.ts as a child; it ends when it is stopped, or when this process does. */
export async function startSink(): Promise<Sink> {
  const child = fork(new URL("./sink.ts", import.meta.url));
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve((message as { port: number }).port));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the sink exited with ${code}`)));
  });
  return { port, stop: () => child.disconnect() };
}

function miniflareOptions(worker: WorkerUnderTest, script: string, sinkPort: number) {
  return convertV4MiniflareOptions({
    cf: false,
    telemetry: { enabled: false },
    workers: [
      {
        ...worker.bindings,
        name: WORKER_NAME,
        modules: [{ type: "ESModule", path: "worker.mjs", contents: script }],
        compatibilityDate: COMPATIBILITY_DATE,
        compatibilityFlags: ["nodejs_compat"],
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        serviceBindings: {
          ...worker.bindings.serviceBindings,
          SINK: { external: { address: `127.0.0.1:${sinkPort}`, http: {} } },
        },
      },
    ],
  });
}

/** Bundles the worker and starts it; requests to `origin` reach it without passing miniflare's entry worker. */
export async function startRig(worker: WorkerUnderTest, sink: Sink): Promise<Rig> {
  const script = await bundle(worker.entry);
  const before = new Set(findWorkerdPids());
  const miniflare = new Miniflare(miniflareOptions(worker, script, sink.port));
  await miniflare.ready;
  await worker.prepare?.(miniflare);
  const workerdPid = findWorkerdPids().find((pid) => !before.has(pid));
  if (workerdPid === undefined) throw new Error("miniflare started no workerd that can be found in /proc");
  const origin = await miniflare.unsafeGetDirectURL(WORKER_NAME);
  return { origin, workerdPid, stop: () => miniflare.dispose() };
}
