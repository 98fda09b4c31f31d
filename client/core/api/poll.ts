import type { CallOptions } from "../http.ts";
import type { LiveWaiter } from "../live.ts";
import { isPassing } from "../problem.ts";
import { wait } from "../wait.ts";

const FIRST_POLL_MS = 400;
const SLOWEST_POLL_MS = 10_000;
const POLL_GROWTH = 1.4;

export interface WatchOptions<T> extends CallOptions {
  /** Called with every answer, the last one included. */
  readonly onUpdate?: (answer: T) => void;
}

/** What tells of a file's changes while they happen; undefined where nothing is told. */
export type WaiterFor = (fileId: string) => LiveWaiter | undefined;

/** Whether a file's or a version's fate is known: nothing more happens to its state by itself. */
export function isSettled({ state }: { readonly state: string }): boolean {
  return state !== "uploading" && state !== "quarantined";
}

/**
 * Asks again and again, ever more slowly, until the answer is as wanted; where changes are told, when there is one. A lost
 * connection doesn't end it.
 */
export async function poll<T>(
  look: () => Promise<T>,
  isWanted: (answer: T) => boolean,
  options: WatchOptions<T>,
  waiter?: LiveWaiter,
): Promise<T> {
  try {
    return await pollBetween(look, isWanted, options, waiter?.wait ?? wait);
  } finally {
    waiter?.stop();
  }
}

async function pollBetween<T>(
  look: () => Promise<T>,
  isWanted: (answer: T) => boolean,
  { signal = new AbortController().signal, onUpdate }: WatchOptions<T>,
  pause: LiveWaiter["wait"],
): Promise<T> {
  for (let delayMs = FIRST_POLL_MS; ; delayMs = Math.min(SLOWEST_POLL_MS, delayMs * POLL_GROWTH)) {
    const answer = await look().catch((error: unknown) => {
      if (isPassing(error)) return undefined;
      throw error;
    });
    if (answer !== undefined) onUpdate?.(answer);
    if (answer !== undefined && isWanted(answer)) return answer;
    if (!(await pause(delayMs, signal))) throw signal.reason;
  }
}
