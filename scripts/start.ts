import { requireScanProvider } from "../processor/config.ts";
import type { LocalStore } from "./dev/local-store.ts";
import { readLocalStore } from "./dev/local-store.ts";
import { openLog } from "./dev/log-file.ts";
import { preparePreviewTools } from "./dev/preview-tools.ts";
import { parseRateLimitFactor } from "./dev/rate-limiter/options.ts";
import { endWithParent } from "./dev/signals.ts";
import { startStack } from "./dev/stack.ts";
import { stateDirectory } from "./dev/state.ts";
import {
  describeUntoldClaims,
  keepTokenSettings,
  parseTokenVariables,
  readTokenSettings,
} from "./dev/token-settings.ts";

const DEFAULT_PORT = 8787;
/** With ClamAV's official database clamd reads for most of a minute. */
const READY_WITHIN_MS = 180_000;

const TEST_SIGNATURES_ONLY = `
  ┌──────────────────────────────────────────────────────────────────────────────┐
  │ clamd has no virus database: it knows the EICAR test file and NOTHING ELSE.  │
  │ Install one (freshclam) before you let anybody upload anything.              │
  └──────────────────────────────────────────────────────────────────────────────┘
`;

function parsePort(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_PORT;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error(`PORT must be a number from 1 to 65535, not "${text}".`);
}

function parseReplicas(text: string | undefined): boolean {
  if (text === undefined || text === "") return false;
  if (text === "all") return true;
  throw new Error(`CAUSEWAY_REPLICAS must be "all", or not set, not "${text}".`);
}

function placeOf(store: LocalStore): string {
  return "elsewhere" in store
    ? (store.elsewhere["S3_ENDPOINT"] ?? "")
    : "a local one, on the runtime's own bucket";
}

/** Of an error that ends the stack: one sentence. */
function explain(error: unknown): string {
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { message: String(error) };
  if (code === "ENOSPC")
    return "The disk is full: free some space, or set CAUSEWAY_STATE to a directory on another.";
  if (code === "EACCES" || code === "EROFS")
    return `${message}: set CAUSEWAY_STATE to a directory of your own.`;
  return message;
}

async function main(): Promise<void> {
  requireScanProvider(process.env);
  const directory = stateDirectory(process.env);
  const port = parsePort(process.env["PORT"]);
  const store = readLocalStore(process.env);
  const rateLimitFactor = parseRateLimitFactor(process.env["CAUSEWAY_RATE_LIMIT_FACTOR"]);
  const tokenSettings = readTokenSettings(process.env);
  // A stack's own secret is beside the issuer's keys, unless it is set to nothing.
  parseTokenVariables({ JWT_SECRET: "-".repeat(32), ...tokenSettings });
  const withReplicas = parseReplicas(process.env["CAUSEWAY_REPLICAS"]);
  console.log(`Starting. State and log are in ${directory}`);
  const untold = describeUntoldClaims(tokenSettings);
  if (untold !== undefined) console.warn(untold);
  if (store.kind === "s3") console.log(`Objects are in S3: ${placeOf(store)}.`);
  const stopSignal = nextSignal();
  // By hand, it may be left behind on purpose (nohup, a shell's `&`).
  if (process.env["npm_lifecycle_event"] === "start") endWithParent();
  const onLog = openLog(directory, (trouble) => console.error(trouble));
  const tools = preparePreviewTools({ stateDirectory: directory, onLog: (text) => onLog("tools", text) });
  const stack = await startStack({
    ...{ port, stateDirectory: directory, store, rateLimitFactor, withReplicas, onLog },
    workerVars: tokenSettings,
    processorEnv: { CAUSEWAY_TOOL_STATUS: tools.statusFile },
  });
  keepTokenSettings(directory, tokenSettings);
  const ready = stack.waitUntilHealthy(READY_WITHIN_MS).then(() => {
    console.log(stack.officialSignatures ? "clamd has the system's virus database." : TEST_SIGNATURES_ONLY);
    console.log(`causeway ready on ${stack.url}`);
    if (tools.notice !== undefined) console.log(tools.notice);
    void tools.install();
  });
  try {
    await Promise.race([stopSignal, ready.then(() => stopSignal)]);
  } finally {
    tools.stop();
    await stack.stop();
  }
}

function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
    process.once("SIGHUP", () => resolve());
  });
}

// Whoever read what is printed here may be gone, or its disk be full: that ends no stack.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(explain(error));
    process.exit(1);
  },
);
