/** The longest that a timer waits, some 25 days: more of it runs out at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** As `setTimeout`, of any time: what is longer than a timer waits runs out when that does. */
export function startTimer(run: () => void, delayMs: number): ReturnType<typeof setTimeout> {
  return setTimeout(run, Math.min(delayMs, MAX_TIMER_MS));
}

/** As the promise, but rejects with the reason of `signal` when that aborts first. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** Resolves when `signal` aborts. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  await unlessAborted(new Promise(() => {}), signal).catch(() => {});
}

export interface Deadline {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  /** Gives the whole time again. */
  restart(): void;
  stop(): void;
}

export function startDeadline(timeoutMs: number): Deadline {
  const late = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => clearTimeout(timer);
  const restart = () => {
    stop();
    timer = startTimer(() => late.abort(new Error("not settled in time")), timeoutMs);
  };
  restart();
  return { signal: late.signal, restart, stop };
}

/** As the promise, but rejects when it isn't settled within the time. */
export function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  const { signal, stop } = startDeadline(timeoutMs);
  return unlessAborted(promise, signal).finally(stop);
}

/** False when `signal` aborted before the time was over. */
export async function wait(delayMs: number, signal: AbortSignal): Promise<boolean> {
  const { signal: over, stop } = startDeadline(delayMs);
  await untilAborted(AbortSignal.any([signal, over]));
  stop();
  return over.aborted;
}
