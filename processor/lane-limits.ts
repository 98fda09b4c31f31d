import { availableParallelism, totalmem } from "node:os";
import { LANE_LIMITS, LANE_NAMES, type LaneLimits, type LaneName } from "./lanes.ts";

const MIB = 1024 * 1024;

export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
}

/** What this process may use: a container's limits where there are some. */
export function readMachine(): Machine {
  // 0, or more than there is, where there is no limit.
  const constrained = process.constrainedMemory();
  const memoryBytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return { cores: availableParallelism(), memoryBytes };
}

/** How much is done at a time where nothing else is configured. */
export function chooseConcurrency({ cores }: Machine): Readonly<Record<LaneName, number>> {
  return {
    // It waits for the store and for clamd, which has threads of its own.
    scan: Math.min(Math.max(cores, 2), 8),
    // A core is left to the scans of what needs no look.
    look: Math.min(Math.max(cores - 1, 1), 8),
    image: Math.min(cores, 8),
    document: Math.min(Math.max(Math.floor(cores / 2), 1), 4),
    // Its programs use several cores each.
    media: Math.min(Math.max(Math.floor(cores / 4), 1), 4),
    // It waits for the store and for the targets, and hashes.
    replica: Math.min(Math.max(cores, 2), 4),
  };
}

/** For programs that are run on files: half of the memory. The rest is for Node, the file cache, and a clamd beside it. */
export function chooseToolMemoryMb({ memoryBytes }: Machine): number {
  return Math.max(Math.floor(memoryBytes / 2 / MIB), 512);
}

/** Limits of each lane for a configured concurrency. */
export function createLaneLimits(
  concurrency: Readonly<Record<LaneName, number>>,
): Readonly<Record<LaneName, LaneLimits>> {
  const entries = LANE_NAMES.map((name) => [
    name,
    {
      ...LANE_LIMITS[name],
      concurrency: concurrency[name],
      // As many for each hand as on two cores.
      waiting: (LANE_LIMITS[name].waiting / LANE_LIMITS[name].concurrency) * concurrency[name],
    } satisfies LaneLimits,
  ]);
  return Object.fromEntries(entries) as Record<LaneName, LaneLimits>;
}
