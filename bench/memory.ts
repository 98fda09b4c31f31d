import { CAUSEWAY_COLLECTED } from "./causeway.ts";
import { Client } from "./client.ts";
import { whileCollecting } from "./collector.ts";
import type { Contestant } from "./contestants.ts";
import { chooseContestants, PRODUCT } from "./contestants.ts";
import { Interruptions } from "./interruptions.ts";
import { uploadFiles } from "./lanes.ts";
import type { MemoryLoad } from "./loads.ts";
import type { CourseFigures } from "./memory-course.ts";
import { followCourse, formatCourse, targetsOfCourse } from "./memory-course.ts";
import { readPeakRssBytes, readRssBytes, resetPeakRss } from "./process-usage.ts";
import type { Rig } from "./rig.ts";
import type { Section } from "./section.ts";
import { startSinks } from "./sinks.ts";
import { formatBytes, formatMemory, formatPatchSize, formatTable } from "./table.ts";
import type { TargetResult } from "./targets.ts";
import { atMost } from "./targets.ts";
import { startWorkerRig } from "./worker-rig.ts";

const MIB = 1024 * 1024;
const PATCH_SIZES = [8 * MIB, Number.POSITIVE_INFINITY];
const ABOVE_IDLE_MIB = 160;

/** What many uploads at once took of one process. */
interface CrowdFigures {
  readonly name: string;
  /** Whether the isolate was made to collect its garbage all the time. */
  readonly isCollected: boolean;
  readonly fileBytes: number;
  /** null: the whole file in one request. */
  readonly patchBytes: number | null;
  readonly uploads: number;
  readonly megabytesPerSecond: number;
  readonly idleRssBytes: number;
  readonly peakRssBytes: number;
  readonly refused: number;
  readonly cut: number;
}

interface CrowdPlan {
  readonly contestant: Contestant;
  readonly isCollected: boolean;
  readonly patchBytes: number;
}

async function measureCrowd(
  { contestant, isCollected, patchBytes }: CrowdPlan,
  rig: Rig,
  { uploads, fileBytes }: MemoryLoad,
): Promise<CrowdFigures> {
  const client = new Client(rig.origin, uploads);
  const interruptions = new Interruptions();
  const upload = contestant.makeUpload(client, fileBytes, patchBytes, interruptions);
  const idleRssBytes = readRssBytes(rig.pid);
  resetPeakRss(rig.pid);
  const startedAt = performance.now();
  await uploadFiles(upload, uploads, uploads);
  const seconds = (performance.now() - startedAt) / 1000;
  client.close();
  return {
    name: contestant.name,
    isCollected,
    fileBytes,
    patchBytes: Number.isFinite(patchBytes) ? patchBytes : null,
    uploads,
    megabytesPerSecond: (uploads * fileBytes) / 1e6 / seconds,
    idleRssBytes,
    peakRssBytes: readPeakRssBytes(rig.pid),
    refused: interruptions.refused,
    cut: interruptions.cut,
  };
}

function planCrowds(contestants: readonly Contestant[]): readonly CrowdPlan[] {
  return contestants.flatMap((contestant) => {
    const patchSizes = contestant.isFloor ? [Number.POSITIVE_INFINITY] : PATCH_SIZES;
    const ways = contestant.name === PRODUCT ? [false, true] : [false];
    return ways.flatMap((isCollected) =>
      patchSizes.map((patchBytes) => ({ contestant, isCollected, patchBytes })),
    );
  });
}

/** One after the other, each in a process of its own: memory that one has given back is still resident. */
async function measureCrowds(contestants: readonly Contestant[], load: MemoryLoad): Promise<CrowdFigures[]> {
  const sinks = await startSinks();
  const figures: CrowdFigures[] = [];
  try {
    for (const plan of planCrowds(contestants)) {
      const { isCollected, contestant } = plan;
      const rig = await (isCollected ? startWorkerRig(CAUSEWAY_COLLECTED, sinks) : contestant.start(sinks));
      const measure = (): Promise<CrowdFigures> => measureCrowd(plan, rig, load);
      const measured = isCollected ? whileCollecting(rig, measure) : measure();
      figures.push(await settled(measured, () => rig.stop()));
    }
    return figures;
  } finally {
    await sinks.stop();
  }
}

/** Waits for `work`, and whatever came of it for `after` too. */
async function settled<T>(work: Promise<T>, after: () => Promise<void>): Promise<T> {
  try {
    return await work;
  } finally {
    await after();
  }
}

const HEADERS = [
  ...["contestant", "collected", "file", "PATCH", "at once", "MB/s", "idle → peak RSS"],
  ...["above idle", "answered 503", "cut"],
];

function formatRow(figures: CrowdFigures): string[] {
  return [
    figures.name,
    figures.isCollected ? "yes" : "no",
    formatBytes(figures.fileBytes),
    formatPatchSize(figures.patchBytes),
    String(figures.uploads),
    figures.megabytesPerSecond.toFixed(0),
    formatMemory(figures),
    formatBytes(figures.peakRssBytes - figures.idleRssBytes),
    String(figures.refused),
    String(figures.cut),
  ];
}

function targetsOfCrowd(figures: CrowdFigures): TargetResult[] {
  const { uploads, fileBytes, patchBytes, idleRssBytes, peakRssBytes } = figures;
  const load = `${uploads} × ${formatBytes(fileBytes)} at once, PATCH ${formatPatchSize(patchBytes)}`;
  const measured = (peakRssBytes - idleRssBytes) / MIB;
  return [atMost({ figure: `memory above idle, ${load}`, unit: "MiB", limit: ABOVE_IDLE_MIB, measured })];
}

/** Memory of the process: many uploads at once, and one that is large. */
export const measureMemory: Section = async ({ memory, only }) => {
  const contestants = chooseContestants(only.length === 0 ? [PRODUCT] : only);
  const crowds = await measureCrowds(contestants, memory);
  const courses: CourseFigures[] = [];
  for (const isCollected of [false, true]) {
    for (const patchBytes of PATCH_SIZES) {
      courses.push(...(await followCourse({ patchBytes, milestones: memory.courseBytes, isCollected })));
    }
  }
  // Of what is in use: when V8 collects the rest isn't the product's choice.
  const crowdTargets = crowds.filter((crowd) => crowd.isCollected).flatMap(targetsOfCrowd);
  return {
    figures: [...crowds, ...courses],
    table: `${formatTable(HEADERS, crowds.map(formatRow))}\n\n${formatCourse(courses)}`,
    targets: [...crowdTargets, ...targetsOfCourse(courses)],
  };
};
