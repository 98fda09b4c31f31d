const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Calls `handler` at each signal that asks the process to end, instead of ending it: whoever started things stops them
 * first. Returns what undoes it.
 */
export function onEndingSignal(handler: () => void): () => void {
  for (const signal of SIGNALS) process.on(signal, handler);
  return () => {
    for (const signal of SIGNALS) process.removeListener(signal, handler);
  };
}

const PARENT_POLL_MS = 500;

/**
 * Asks this process to end, as a signal does, when the one that started it is gone: a supervisor that kills npm means the
 * stack, and nobody else knows of it any more.
 */
export function endWithParent(): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    // The system gives an orphan another parent.
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, PARENT_POLL_MS);
  timer.unref();
}

/**
 * Runs `create` and takes away the signal handlers that it adds. Miniflare ends the whole process in its own, at once
 * and with another exit code, and leaves behind what others have started.
 */
export function withoutSignalHandlers<T>(create: () => T): T {
  const before = new Set(SIGNALS.flatMap((signal) => process.listeners(signal)));
  const created = create();
  for (const signal of SIGNALS) {
    for (const handler of process.listeners(signal)) {
      if (!before.has(handler)) process.removeListener(signal, handler);
    }
  }
  return created;
}
