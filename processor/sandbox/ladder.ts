import type { Rung } from "./rung.ts";

/** What a tool is kept from, as trials showed. */
export interface Isolation {
  /** It reaches no other host, nor this one. */
  readonly network: boolean;
  /** It reads nothing of ours, and writes only into its scratch directory. */
  readonly files: boolean;
  /** It sees no process's environment, and can't end one. */
  readonly processes: boolean;
  /** It isn't root. */
  readonly user: boolean;
}

export interface ChosenRung {
  readonly rung: Rung;
  readonly isolation: Isolation;
}

export function isIsolated(isolation: Isolation): boolean {
  return countHolds(isolation) === Object.keys(isolation).length;
}

/**
 * The first rung on which all holds; if there is none, the one on which most does.
 * @param rungs from the strongest down, of which the last one works anywhere
 * @param probe what a trial showed; undefined if a tool can't run on that rung at all
 */
export async function chooseRung(
  rungs: readonly Rung[],
  probe: (rung: Rung) => Promise<Isolation | undefined>,
): Promise<ChosenRung> {
  let best: ChosenRung | undefined;
  for (const rung of rungs) {
    const isolation = await probe(rung);
    if (isolation === undefined) continue;
    if (isIsolated(isolation)) return { rung, isolation };
    if (best === undefined || countHolds(isolation) > countHolds(best.isolation)) best = { rung, isolation };
  }
  if (best === undefined) throw new Error("No tool can be run here at all.");
  return best;
}

function countHolds(isolation: Isolation): number {
  return Object.values(isolation).filter(Boolean).length;
}
