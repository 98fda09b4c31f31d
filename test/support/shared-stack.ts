import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { z } from "zod";
import { build } from "../../scripts/dev/build.ts";
import type { LocalStore } from "../../scripts/dev/local-store.ts";
import { readLocalStore } from "../../scripts/dev/local-store.ts";
import { findFreePort } from "../../scripts/dev/ports.ts";
import { startStack } from "../../scripts/dev/stack.ts";
import { readOrCreateSecrets } from "../../scripts/dev/state.ts";
import { RUNTIME_STATE, startWorkers } from "../../scripts/dev/workers.ts";
import { forgetMigratedState, makeMigratedState, newStateDirectory } from "./migrated-state.ts";
import { ASKED_AT_ONCE } from "./own-stack.ts";
import { stateRoot } from "./state-root.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly stackUrl: string;
    readonly jwtSecret: string;
    readonly reportSecret: string;
    readonly signedUrlSecret: string;
    /** A worker beside it that nothing is behind: no scanner and no processor. */
    readonly workerAlone: {
      readonly url: string;
      readonly jwtSecret: string;
      readonly reportSecret: string;
      readonly signedUrlSecret: string;
      readonly sideDoor: { readonly url: string; readonly token: string };
    };
  }
}

/** The database in wrangler.toml; that of a faulty stack has the id "DB". */
const LocalDatabases = z.object({ DB: z.object({ id: z.string() }) });

/**
 * One whole stack for all tests of a project that don't break it: what `npm start` runs, on the object store that the
 * project names. Tests keep apart by tenants of their own.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stateDirectory = await mkdtemp(join(stateRoot(), "causeway-shared-"));
  const forget = await prepareRun(stateDirectory);
  const log: string[] = [];
  const store = readLocalStore({ ...process.env, ...project.config.env });
  const stack = await startStack({
    port: await findFreePort(),
    stateDirectory,
    store,
    rateLimitFactor: GENEROUS,
    ...ASKED_AT_ONCE,
    onLog: (source, text) => log.push(`[${source}] ${text.trimEnd()}`),
  });
  await stack.waitUntilHealthy(60_000).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${log.slice(-40).join("\n")}`);
  });
  project.provide("stackUrl", stack.url);
  project.provide("jwtSecret", stack.secrets.jwtSecret);
  project.provide("reportSecret", stack.secrets.reportSecret);
  project.provide("signedUrlSecret", stack.secrets.signedUrlSecret);
  const stopWorker = await provideWorkerAlone(project, store);
  return async () => {
    forget();
    await stopWorker();
    await stack.stop();
    await rm(stateDirectory, { recursive: true, force: true });
  };
}

/** Tests ask as fast as they can, and each of them is one user. */
const GENEROUS = 1_000;

/** Starts the worker that `sharedWorkerAlone` gives. Returns what stops it. */
async function provideWorkerAlone(project: TestProject, store: LocalStore): Promise<() => Promise<void>> {
  const stateDirectory = await newStateDirectory("causeway-alone-", RUNTIME_STATE);
  const secrets = readOrCreateSecrets(stateDirectory);
  const workers = await startWorkers({
    ...{ stateDirectory, secrets, store, vars: {}, port: await findFreePort() },
    ...{ withDemo: false, rateLimitFactor: GENEROUS, onLog: () => {} },
  });
  const { url, token } = workers.sideDoor;
  project.provide("workerAlone", {
    url: workers.url,
    jwtSecret: secrets.jwtSecret,
    reportSecret: secrets.reportSecret,
    signedUrlSecret: secrets.signedUrlSecret,
    sideDoor: { url: url.href, token },
  });
  return async () => {
    await workers.stop();
    await rm(stateDirectory, { recursive: true, force: true });
  };
}

/** A third of what a processor takes to start, which dozens of stacks do. */
const COMPILED = "NODE_COMPILE_CACHE";

/** Builds, and migrates databases, for all stacks of a run: the project that comes first does. Returns what ends that. */
async function prepareRun(directory: string): Promise<() => void> {
  if (process.env["CAUSEWAY_BUILD"] !== undefined) return () => {};
  const buildDirectory = join(directory, "build");
  const compiled = process.env[COMPILED];
  process.env[COMPILED] ??= join(directory, "compiled");
  const { workerOptions } = await build(buildDirectory, true);
  process.env["CAUSEWAY_BUILD"] = buildDirectory;
  const { DB } = LocalDatabases.parse(workerOptions["d1Databases"]);
  await makeMigratedState(join(directory, "migrated"), [DB.id, "DB"]);
  return () => {
    delete process.env["CAUSEWAY_BUILD"];
    if (compiled === undefined) delete process.env[COMPILED];
    forgetMigratedState();
  };
}
