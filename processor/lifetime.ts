import type { Log } from "./log.ts";

const PARENT_POLL_MS = 1_000;
/** Beyond the drain: for handing back what isn't done. With the drain of 5 s, within the 10 s that most supervisors give. */
const EXIT_MARGIN_MS = 4_500;

export interface Lifetime {
  /** What jobs under way get to finish. */
  readonly drainMs: number;
  /**
   * If given, the process also ends, without draining, when that process is gone: what a development stack that was killed
   * leaves behind has nobody to report to.
   */
  readonly parentPid: number | undefined;
}

/**
 * Aborted by the first SIGTERM or SIGINT: the processor drains, and ends soon after the drain whatever happens. A second
 * one ends the process at once.
 */
export function watchLifetime(log: Log, { drainMs, parentPid }: Lifetime): AbortSignal {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    log.info({ event: stop.signal.aborted ? "exit-forced" : "draining", signal });
    if (stop.signal.aborted) process.exit(1);
    setTimeout(() => exitForced(log), drainMs + EXIT_MARGIN_MS).unref();
    stop.abort();
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  if (parentPid !== undefined) watchParent(log, parentPid);
  return stop.signal;
}

/** Calls `leave` when the process ends by its own will, and not where a fault ends it: nobody is told of the kernel's SIGKILL. */
export function leaveInOrder(leave: () => void): void {
  let isFault = false;
  process.on("uncaughtExceptionMonitor", () => {
    isFault = true;
  });
  process.on("exit", () => {
    if (!isFault) leave();
  });
}

function exitForced(log: Log): void {
  log.error({ event: "exit-forced", reason: "the drain did not end" });
  process.exit(1);
}

function watchParent(log: Log, parentPid: number): void {
  const timer = setInterval(() => {
    if (isAlive(parentPid)) return;
    log.warn({ event: "parent-gone", parentPid });
    process.exit(1);
  }, PARENT_POLL_MS);
  timer.unref();
}

/** Whether there is a process of this number, whosever it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as somebody else.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
