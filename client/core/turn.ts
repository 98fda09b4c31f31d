import type { Sighting } from "./sightings.ts";
import type { Slots } from "./slots.ts";
import type { Transfer } from "./transfer.ts";
import type { UploadState } from "./types.ts";

export interface Turn {
  readonly transfer: Transfer;
  readonly slots: Slots;
  readonly priority: () => number;
  readonly onState: (kind: "waiting" | "hashing" | "elsewhere") => unknown;
  readonly onSighting: (sighting: Sighting) => void;
}

/** The order to stop many in: else each that stops gives its turn to one that stops next. */
export function waitingFirst<U extends { readonly state: UploadState }>(uploads: readonly U[]): readonly U[] {
  const isWaiting = ({ state }: U) => state.kind === "waiting";
  // What has just got its turn still shows that it waits, and is one of the first.
  return [...uploads.filter(isWaiting).toReversed(), ...uploads.filter((upload) => !isWaiting(upload))];
}

/** Both end with a run; one that is given up gives its slot back at once, and the claim when what was sent is deleted. */
export interface TurnSignals {
  readonly claim: AbortSignal;
  readonly slot: AbortSignal;
}

/**
 * Waits for a slot, and for whoever else sends this file: without a slot, because that one has its own. Then settles where
 * the file goes on. Resolves false when a signal aborts first; rejects when the file can't be read.
 */
export async function takeTurn(turn: Turn, { claim, slot }: TurnSignals): Promise<boolean> {
  const { transfer, slots, priority, onState, onSighting } = turn;
  const first = new AbortController();
  if (!(await slots.hold(AbortSignal.any([slot, first.signal]), priority))) return false;
  onState("hashing");
  const onTaken = () => {
    first.abort();
    onState("elsewhere");
  };
  if (!(await transfer.claim(claim, { onTaken, onSighting }))) return false;
  if (first.signal.aborted) {
    onState("waiting");
    if (!(await slots.hold(slot, priority))) return false;
    onState("hashing");
  }
  await transfer.findPlace(slot);
  return !slot.aborted;
}
