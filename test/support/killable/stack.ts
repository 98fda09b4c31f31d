import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { bundleDevWorker, PROJECT_ROOT } from "../../../scripts/dev/bundle.ts";
import { COMPATIBILITY } from "../../../scripts/dev/compatibility.ts";
import { esbuild, miniflare } from "../../../scripts/dev/from-wrangler.ts";
import { applyMigrations } from "../../../scripts/dev/migrations.ts";
import { findFreePort } from "../../../scripts/dev/ports.ts";
import { localQueueBinding, queueBridgeWorker } from "../../../scripts/dev/queue-bridge/options.ts";
import type { StackAccess } from "../api.ts";
import { newStateDirectory } from "../migrated-state.ts";
import type { Hold } from "./holds.ts";
import type { StoredObject } from "./test-routes.ts";
import { HOLDS_PATH, OBJECTS_PATH } from "./test-routes.ts";

const SECRET = "kill-tests-kill-tests-kill-tests-kill-tests";
const NAME = "killable";
const QUEUE = "jobs";

/** The product's worker, whose uploads make their calls through holds.ts. */
const WORKER = `
  import worker, { UploadObject as ProductUploadObject } from "./worker/index.ts";
  import { answerTest, isOfTest } from "./test/support/killable/test-routes.ts";
  import { holdCalls } from "./test/support/killable/holds.ts";

  export class UploadObject extends ProductUploadObject {
    constructor(ctx, env) {
      super(ctx, holdCalls(env, ctx.id.name));
    }
  }

  export default {
    fetch(request, env, ctx) {
      return isOfTest(request) ? answerTest(request, env.BUCKET) : worker.fetch(request, env, ctx);
    },
  };
`;

type Runtime = InstanceType<typeof miniflare.Miniflare>;

/** The worker, its stores and its queue on a state directory, in a workerd that is killed and started again. */
export interface KillableStack extends StackAccess {
  readonly stateDirectory: string;
  /** Whether workerd runs, as far as nobody else has ended it. */
  readonly isRunning: boolean;
  /** Starts workerd on whatever is in the state directory. */
  start(): Promise<void>;
  /** `kill -9` of workerd; resolves when it is gone. */
  kill(): Promise<void>;
  /** Makes a call of a tenant's uploads wait, until workerd is killed. */
  hold(hold: Hold): Promise<void>;
  /** The tenants of whom a call waits. */
  heldTenants(): Promise<readonly string[]>;
  /** Everything in the bucket. */
  listObjects(): Promise<readonly StoredObject[]>;
  /** An object's bytes, as they come. */
  readObject(key: string): Promise<AsyncIterable<Uint8Array>>;
  remove(): Promise<void>;
}

/** A fresh state directory, with nothing started on it yet. */
export async function newKillableStack(): Promise<KillableStack> {
  const stateDirectory = await newStateDirectory("causeway-kills-");
  const [script, bridge, port, entryPort] = await Promise.all([
    bundleWorker(),
    bundleDevWorker("scripts/dev/queue-bridge/index.ts"),
    findFreePort(),
    findFreePort(),
  ]);
  const options = runtimeOptions({ stateDirectory, script, bridge, port, entryPort });
  const url = `http://127.0.0.1:${port}`;
  const ask = async (path: string, init?: RequestInit): Promise<Response> => {
    const answer = await fetch(new URL(path, url), init);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  let running: Runtime | undefined;
  let isMigrated = false;
  return {
    ...{ url, jwtSecret: SECRET, stateDirectory },
    get isRunning() {
      return running !== undefined;
    },
    async start() {
      running = new miniflare.Miniflare(options);
      await running.ready;
      if (!isMigrated) await applyMigrations(await running.getD1Database("DB", NAME));
      isMigrated = true;
    },
    async kill() {
      const killed = running;
      running = undefined;
      process.kill(findProcess(`=127.0.0.1:${entryPort}`), "SIGKILL");
      // In the same step, or miniflare would start another by itself. It waits until the process is gone.
      await killed?.dispose();
    },
    async hold(hold) {
      await ask(HOLDS_PATH, { method: "POST", body: JSON.stringify(hold) });
    },
    heldTenants: async () => (await (await ask(HOLDS_PATH)).json()) as readonly string[],
    listObjects: async () => (await (await ask(OBJECTS_PATH)).json()) as readonly StoredObject[],
    async readObject(key) {
      const { body } = await ask(`${OBJECTS_PATH}?${new URLSearchParams({ key })}`);
      if (body === null) throw new Error(`${key} has no bytes.`);
      return body;
    },
    async remove() {
      await running?.dispose();
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}

async function bundleWorker(): Promise<string> {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: WORKER, resolveDir: PROJECT_ROOT },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:workers", "node:*"],
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error("The tests' worker gave no bundle.");
  return output.text;
}

interface RuntimeSettings {
  readonly stateDirectory: string;
  readonly script: string;
  readonly bridge: string;
  readonly port: number;
  /** Miniflare's own socket; it is in workerd's command line, which tells that process from others. */
  readonly entryPort: number;
}

function runtimeOptions({ stateDirectory, script, bridge, port, entryPort }: RuntimeSettings) {
  const worker = {
    name: NAME,
    modules: true,
    script,
    ...COMPATIBILITY,
    bindings: {
      JWT_ISSUER: "causeway",
      JWT_AUDIENCE: "causeway",
      JWT_SECRET: SECRET,
      REPORT_SECRET: SECRET,
      SIGNED_URL_KEYS: `test:${SECRET}`,
    },
    r2Buckets: ["BUCKET"],
    d1Databases: ["DB"],
    durableObjects: { UPLOADS: { className: "UploadObject", useSQLite: true } },
    serviceBindings: { JOBS: localQueueBinding(QUEUE) },
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
  };
  const queue = queueBridgeWorker({
    ...{ script: bridge, compatibilityDate: COMPATIBILITY.compatibilityDate, queues: [QUEUE], token: SECRET },
    ...{ host: "127.0.0.1", port: 0 },
  });
  return miniflare.convertV4MiniflareOptions({
    ...{ host: "127.0.0.1", port: entryPort, resourcePersistencePath: stateDirectory },
    workers: [worker, queue],
    handleStructuredLogs: () => {},
  });
}

function findProcess(argument: string): number {
  const found = readdirSync("/proc").filter(
    (name) => /^\d+$/.test(name) && commandOf(name).includes(argument),
  );
  const [pid] = found;
  if (pid === undefined || found.length > 1) throw new Error(`Not one process with "${argument}".`);
  return Number(pid);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // It ended while it was being looked at.
    return "";
  }
}
