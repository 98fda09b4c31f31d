import { readPeakRssBytes, readRssBytes, resetPeakRss } from "../process-usage.ts";
import type { Row } from "../section.ts";
import { formatBytes, formatMemory } from "../table.ts";
import { atMost } from "../targets.ts";
import type { ProcessorLoad } from "./load.ts";
import { isChecked, type RunningStack } from "./running-stack.ts";

const ABOVE_IDLE_MIB = 150;
const MIB = 1024 * 1024;

/** What the processor needs beside what it has, for one large file through scan and hash. */
export async function measureLargeFile(
  stack: RunningStack,
  { largeBytes }: ProcessorLoad,
): Promise<readonly Row[]> {
  const idleRssBytes = readRssBytes(stack.processorPid);
  resetPeakRss(stack.processorPid);
  const fileId = await stack.uploadLarge("film.mp4", largeBytes);
  const { state } = await stack.untilRecord(fileId, isChecked);
  if (state !== "clean") throw new Error(`The film was found to be ${state}.`);
  const peakRssBytes = readPeakRssBytes(stack.processorPid);
  const figure = `memory of the processor above idle, ${formatBytes(largeBytes)} through scan and hash`;
  return [
    {
      figure,
      measured: formatMemory({ idleRssBytes, peakRssBytes }),
      target: atMost({
        ...{ figure, unit: "MiB", limit: ABOVE_IDLE_MIB },
        measured: (peakRssBytes - idleRssBytes) / MIB,
      }),
    },
  ];
}
