/** The longest that a timer waits, some 25 days: more of it runs out at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** As the promise, but rejects with the reason of `signal` when that aborts first. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** Waits, at most `MAX_TIMER_MS`; false when `signal` aborted before the time was over. */
export function wait(delayMs: number, signal: AbortSignal): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, Math.min(delayMs, MAX_TIMER_MS), true);
  });
  return unlessAborted(over, signal).catch(() => {
    clearTimeout(timer);
    return false;
  });
}

/** As the promise, but rejects when it isn't settled within the time. */
export function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error("not settled in time")), timeoutMs);
  return unlessAborted(promise, late.signal).finally(() => clearTimeout(timer));
}
