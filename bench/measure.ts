import type { Contestant } from "./contestants.ts";
import { REFERENCE } from "./contestants.ts";
import type { Lane, LanePlan, Sample } from "./lanes.ts";
import { median, runLanes } from "./lanes.ts";
import type { UploadLoad } from "./loads.ts";
import { readPeakRssBytes } from "./process-usage.ts";

interface Memory {
  readonly idleRssBytes: number;
  readonly peakRssBytes: number;
}

/** What one contestant did with one PATCH size. Medians over the runs; MB and GB are decimal. */
export interface Figures extends Memory {
  readonly name: string;
  readonly fileBytes: number;
  /** null: the whole file in one request. */
  readonly patchBytes: number | null;
  readonly megabytesPerSecond: number;
  readonly cpuSecondsPerGb: number;
  /** Each run's, in order, to see the spread. */
  readonly cpuSecondsPerGbRuns: readonly number[];
  /** CPU-s/GB over the reference's: the median of the ratios taken within each round. */
  readonly ratioToFloor: number;
  /** MB/s over the reference's, likewise. */
  readonly throughputRatioToFloor: number;
}

/** What one contestant did with small files, each in one request. Medians over the runs. */
export interface SmallFigures extends Memory {
  readonly name: string;
  readonly filesPerSecond: number;
  readonly cpuMsPerFile: number;
  readonly cpuMsPerFileRuns: readonly number[];
}

function memoryOf(lane: Lane): Memory {
  return { idleRssBytes: lane.idleRssBytes, peakRssBytes: readPeakRssBytes(lane.rig.pid) };
}

/** A lane over the reference, round by round, so that both had the same machine. */
function medianRatio(lane: Lane, reference: Lane, figureOf: (sample: Sample) => number): number {
  const ratios = lane.samples.map((sample, run) => {
    const beside = reference.samples[run];
    return beside === undefined ? Number.NaN : figureOf(sample) / figureOf(beside);
  });
  return median(ratios);
}

function summarise(lane: Lane, reference: Lane, { fileBytes, filesPerRun }: UploadLoad): Figures {
  const bytes = fileBytes * filesPerRun;
  const cpu = lane.samples.map((sample) => sample.cpuSeconds / (bytes / 1e9));
  return {
    name: lane.name,
    fileBytes,
    patchBytes: Number.isFinite(lane.patchBytes) ? lane.patchBytes : null,
    megabytesPerSecond: median(lane.samples.map((sample) => bytes / 1e6 / sample.seconds)),
    cpuSecondsPerGb: median(cpu),
    cpuSecondsPerGbRuns: cpu,
    ratioToFloor: medianRatio(lane, reference, (sample) => sample.cpuSeconds),
    throughputRatioToFloor: medianRatio(lane, reference, (sample) => 1 / sample.seconds),
    ...memoryOf(lane),
  };
}

function summariseSmall(lane: Lane, { filesPerRun }: UploadLoad): SmallFigures {
  const cpu = lane.samples.map((sample) => (sample.cpuSeconds * 1000) / filesPerRun);
  return {
    name: lane.name,
    filesPerSecond: median(lane.samples.map((sample) => filesPerRun / sample.seconds)),
    cpuMsPerFile: median(cpu),
    cpuMsPerFileRuns: cpu,
    ...memoryOf(lane),
  };
}

function plansOf(contestants: readonly Contestant[], patchSizes: readonly number[]): LanePlan[] {
  return contestants.flatMap((contestant) => {
    const sizes = contestant.isFloor ? [Number.POSITIVE_INFINITY] : patchSizes;
    return sizes.map((patchBytes) => ({ contestant, makeUpload: contestant.makeUpload, patchBytes }));
  });
}

/** Uploads of `load.fileBytes`, one after the other, by every PATCH size. The reference must be among them. */
export async function measure(
  contestants: readonly Contestant[],
  load: UploadLoad,
  patchSizes: readonly number[],
): Promise<Figures[]> {
  return runLanes(plansOf(contestants, patchSizes), load, (lanes) => {
    const reference = lanes.find((lane) => lane.name === REFERENCE);
    if (reference === undefined) throw new Error(`${REFERENCE} has to run: ratios are taken to it`);
    return lanes.map((lane) => summarise(lane, reference, load));
  });
}

/** Files of `load.fileBytes`, each in one request, `load.concurrency` at once. */
export async function measureSmall(
  contestants: readonly Contestant[],
  load: UploadLoad,
): Promise<SmallFigures[]> {
  const plans = contestants.map((contestant) => {
    const makeUpload = contestant.makeSmallUpload;
    return { contestant, makeUpload, patchBytes: Number.POSITIVE_INFINITY };
  });
  return runLanes(plans, load, (lanes) => lanes.map((lane) => summariseSmall(lane, load)));
}
