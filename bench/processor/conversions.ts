import { readRssBytes } from "../process-usage.ts";
import type { Row } from "../section.ts";
import { formatBytes } from "../table.ts";
import { atMost } from "../targets.ts";
import { conversionAt } from "./files.ts";
import type { ProcessorLoad } from "./load.ts";
import { isSettled, type RunningStack } from "./running-stack.ts";

/** Nothing here is timed: what is asked takes little of what converts. */
const POLL_MS = 250;
/** More would find lines full, and be tried again later (processor/lanes.ts). */
const AT_A_TIME = 10;
/** From this part of the files on, all that is needed has been read and compiled. */
const WARM = 0.2;
const GROWTH_MIB = 50;
const MIB = 1024 * 1024;
/** One that takes longer is stuck: all of a job's deadlines come to less (processor/config.ts). */
const STUCK_MS = 780_000;

/** Every file is uploaded and waited for, a few at a time: does any get stuck, and does memory grow? */
export async function measureConversions(
  stack: RunningStack,
  { conversions, hostile }: ProcessorLoad,
): Promise<readonly Row[]> {
  const resident: number[] = [];
  const stuck: string[] = [];
  let begun = 0;
  const convert = async (): Promise<void> => {
    while (begun < conversions) {
      const index = begun;
      begun += 1;
      const { filename, bytes } = await conversionAt(index, conversions, hostile);
      const fileId = await stack.upload(filename, bytes);
      const startedAtMs = performance.now();
      const isOver = () => performance.now() - startedAtMs > STUCK_MS;
      const record = await stack.untilRecord(fileId, (each) => isSettled(each) || isOver(), POLL_MS);
      if (!isSettled(record)) stuck.push(`${filename} at ${index}, ${record.state}`);
      resident.push(readRssBytes(stack.processorPid));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, convert));
  const warm = averageOf(resident.slice(Math.floor(conversions * WARM), Math.floor(conversions * WARM * 2)));
  const last = averageOf(resident.slice(-Math.ceil(conversions * WARM)));
  const figure = `${conversions} conversions, ${hostile} of them hostile`;
  return [
    {
      figure: `${figure}: not ended`,
      measured: [stuck.length, ...stuck].join(" · "),
      target: atMost({ figure: `${figure}: not ended`, unit: "", limit: 0, measured: stuck.length }),
    },
    {
      figure: `${figure}: growth of the processor`,
      measured: `${formatBytes(warm)} → ${formatBytes(last)}, ${formatBytes(Math.max(...resident))} at most`,
      target: atMost({
        ...{ figure: `${figure}: growth of the processor`, unit: "MiB", limit: GROWTH_MIB },
        measured: (last - warm) / MIB,
      }),
    },
  ];
}

function averageOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
