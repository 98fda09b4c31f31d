import type { Log } from "./log.ts";

const PARENT_POLL_MS = 1_000;

/**
 * Aborted by the first SIGTERM or SIGINT: the processor drains. A second one ends the process at once.
 * @param parentPid if given, the process also ends, without draining, when that process is gone: what a development
 *   stack that was killed leaves behind has nobody to report to
 */
export function watchLifetime(log: Log, parentPid: number | undefined): AbortSignal {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    log.info({ event: stop.signal.aborted ? "exit-forced" : "draining", signal });
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  if (parentPid !== undefined) watchParent(log, parentPid);
  return stop.signal;
}

function watchParent(log: Log, parentPid: number): void {
  const timer = setInterval(() => {
    if (isAlive(parentPid)) return;
    log.warn({ event: "parent-gone", parentPid });
    process.exit(1);
  }, PARENT_POLL_MS);
  timer.unref();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as somebody else.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
