import type { Scan } from "./scanner.ts";
import { unscannable } from "./verdict.ts";

/** A scan of what no scanner is sent: it is read and hashed all the same, and unscannable for the reason. */
export function openUnread(reason: string, signal: AbortSignal): Scan {
  return {
    write: async () => signal.throwIfAborted(),
    finish: async () => unscannable(reason),
    close: () => undefined,
  };
}
