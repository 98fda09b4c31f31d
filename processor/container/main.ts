/**
 * What an image starts that has a scanner in it: `node processor/container/main.ts [--with-processor]`. Where a container
 * has no others beside it (Cloudflare's), the processor runs in the same one. It ends as the processor does.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { createLog } from "../log.ts";
import { processorService, scannerServices } from "./services.ts";
import { supervise } from "./supervisor.ts";

const Environment = z.object({
  /** Where clamd listens. It has no authentication: loopback, or a network of the containers' own. */
  CLAMD_LISTEN: z.string().min(1).default("127.0.0.1"),
  CLAMAV_PORT: z.coerce.number().int().min(1).max(65_535).default(3310),
  CLAMAV_DATABASE: z.string().min(1).default("/var/lib/clamav"),
});

const log = createLog("info", "container");
const environment = Environment.parse(process.env);
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
const { services, isIsolated } = scannerServices({
  directory: join(tmpdir(), "clamav"),
  databaseDirectory: environment.CLAMAV_DATABASE,
  host: environment.CLAMD_LISTEN,
  port: environment.CLAMAV_PORT,
});
if (!isIsolated)
  log.warn({ event: "scanner-not-isolated", reason: "setpriv can't bind it by Landlock here" });
const withProcessor = process.argv.includes("--with-processor");
const main = withProcessor ? { main: processorService(process.env) } : {};
process.exitCode = await supervise({ ...main, helpers: services }, log, stop.signal);
