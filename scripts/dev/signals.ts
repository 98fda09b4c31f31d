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
