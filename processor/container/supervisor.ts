import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "../log.ts";
import type { Service } from "./services.ts";

/** Until there are signatures, clamd ends at once. */
const RESTART_MS = 2_000;
/** clamd first finishes what it scans, for a processor that isn't there any more. */
const END_MS = 500;

/**
 * Runs a container's processes until `stop`. A helper that ends is started again, for the processor lives through that: it
 * has to, to find out which file its scanner dies of. The main one is told first to stop, and the helpers when it has.
 * @param main without it the helpers run alone
 * @returns the exit code for the container: that of the main process
 */
export async function supervise(
  { main, helpers }: { readonly main?: Service; readonly helpers: readonly Service[] },
  log: Log,
  stop: AbortSignal,
): Promise<number> {
  const stopHelpers = new AbortController();
  const helping = helpers.map((service) => keepRunning(service, log, stopHelpers.signal));
  const code = main === undefined ? await untilAborted(stop) : await runOnce(main, log, stop);
  stopHelpers.abort();
  await Promise.all(helping);
  return code;
}

async function keepRunning(service: Service, log: Log, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const code = await runOnce(service, log, stop, END_MS);
    if (stop.aborted) return;
    log.warn({ event: "helper-ended", name: service.name, code });
    await wait(RESTART_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** @param killMs after `stop`, how long it may take to end; without it, as long as it likes */
async function runOnce(service: Service, log: Log, stop: AbortSignal, killMs?: number): Promise<number> {
  const [command = "", ...args] = service.command;
  const child = spawn(command, args, { env: service.env, stdio: ["ignore", "inherit", "inherit"] });
  log.info({ event: "helper-started", name: service.name, pid: child.pid });
  const end = () => endChild(child, killMs);
  stop.addEventListener("abort", end, { once: true });
  try {
    if (stop.aborted) end();
    const [code] = (await once(child, "exit")) as [number | null];
    return code ?? 1;
  } catch (error) {
    log.error({ event: "helper-failed", name: service.name, err: error });
    return 1;
  } finally {
    stop.removeEventListener("abort", end);
  }
}

function endChild(child: ChildProcess, killMs: number | undefined): void {
  child.kill("SIGTERM");
  if (killMs === undefined) return;
  const timer = setTimeout(() => child.kill("SIGKILL"), killMs);
  child.once("exit", () => clearTimeout(timer));
}

async function untilAborted(signal: AbortSignal): Promise<number> {
  if (!signal.aborted) await once(signal, "abort");
  return 0;
}
