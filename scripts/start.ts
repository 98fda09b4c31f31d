import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { requireScanProvider } from "../processor/config.ts";
import { parseRateLimitFactor } from "./dev/rate-limiter/options.ts";
import { endWithParent } from "./dev/signals.ts";
import { startStack } from "./dev/stack.ts";
import { stateDirectory } from "./dev/state.ts";

const DEFAULT_PORT = 8787;
/** With ClamAV's official database clamd reads for most of a minute. */
const READY_WITHIN_MS = 180_000;

const TEST_SIGNATURES_ONLY = `
  ┌──────────────────────────────────────────────────────────────────────────────┐
  │ clamd has no virus database: it knows the EICAR test file and NOTHING ELSE.    │
  │ Install one (freshclam) before you let anybody upload anything.                │
  └──────────────────────────────────────────────────────────────────────────────┘
`;

function parsePort(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_PORT;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error(`PORT must be a number from 1 to 65535, not "${text}".`);
}

function openLog(directory: string): (source: string, text: string) => void {
  mkdirSync(directory, { recursive: true });
  const file = createWriteStream(join(directory, "stack.log"), { flags: "a" });
  return (source, text) => {
    file.write(`${new Date().toISOString()} [${source}] ${text.trimEnd()}\n`);
  };
}

async function main(): Promise<void> {
  requireScanProvider(process.env);
  const directory = stateDirectory(process.env);
  const port = parsePort(process.env["PORT"]);
  const rateLimitFactor = parseRateLimitFactor(process.env["CAUSEWAY_RATE_LIMIT_FACTOR"]);
  console.log(`Starting. State and log are in ${directory}`);
  const stopSignal = nextSignal();
  // By hand, it may be left behind on purpose (nohup, a shell's `&`).
  if (process.env["npm_lifecycle_event"] === "start") endWithParent();
  const stack = await startStack({
    ...{ port, stateDirectory: directory, rateLimitFactor },
    onLog: openLog(directory),
  });
  const ready = stack.waitUntilHealthy(READY_WITHIN_MS).then(() => {
    console.log(stack.officialSignatures ? "clamd has the system's virus database." : TEST_SIGNATURES_ONLY);
    console.log(`causeway ready on ${stack.url}`);
  });
  try {
    await Promise.race([stopSignal, ready.then(() => stopSignal)]);
  } finally {
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

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
