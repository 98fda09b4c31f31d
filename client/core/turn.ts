import type { Sighting } from "./sightings.ts";
import type { Slots } from "./slots.ts";
import type { Transfer } from "./transfer.ts";

export interface Turn {
  readonly transfer: Transfer;
  readonly slots: Slots;
  readonly priority: () => number;
  readonly onState: (kind: "waiting" | "hashing" | "elsewhere") => unknown;
  readonly onSighting: (sighting: Sighting) => void;
}

/**
 * Waits for a slot, and for whoever else sends this file: without a slot, because that one has its own. Then settles where
 * the file goes on. Resolves false when `signal` aborts first; rejects when the file can't be read.
 */
export async function takeTurn(turn: Turn, signal: AbortSignal): Promise<boolean> {
  const { transfer, slots, priority, onState } = turn;
  const first = new AbortController();
  if (!(await slots.hold(AbortSignal.any([signal, first.signal]), priority))) return false;
  onState("hashing");
  const onTaken = () => {
    first.abort();
    onState("elsewhere");
  };
  if (!(await transfer.claim(signal, onTaken, turn.onSighting))) return false;
  if (first.signal.aborted) {
    onState("waiting");
    if (!(await slots.hold(signal, priority))) return false;
    onState("hashing");
  }
  await transfer.findPlace(signal);
  return !signal.aborted;
}
