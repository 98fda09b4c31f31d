import type { Contestant } from "./contestants.ts";
import { REFERENCE } from "./contestants.ts";
import type { Lane, LanePlan } from "./lanes.ts";
import { median, runLanes } from "./lanes.ts";
import type { BenchOptions } from "./options.ts";
import { readPeakRssBytes } from "./process-usage.ts";

interface Memory {
  readonly idleRssBytes: number;
  readonly peakRssBytes: number;
}

/** What one contestant did with one PATCH size. Medians over the runs; MB and GB are decimal. */
export interface Figures extends Memory {
  readonly name: string;
  /** null: the whole file in one request. */
  readonly patchBytes: number | null;
  readonly megabytesPerSecond: number;
  readonly cpuSecondsPerGb: number;
  /** Each run's, in order, to see the spread. */
  readonly cpuSecondsPerGbRuns: readonly number[];
  /** CPU-s/GB over the reference's: the median of the ratios taken within each round. */
  readonly ratioToFloor: number;
}

/** What one contestant did with small files, each in one request. Medians over the runs. */
export interface SmallFigures extends Memory {
  readonly name: string;
  readonly filesPerSecond: number;
  readonly cpuMsPerFile: number;
  readonly cpuMsPerFileRuns: readonly number[];
}

function memoryOf(lane: Lane): Memory {
  return { idleRssBytes: lane.idleRssBytes, peakRssBytes: readPeakRssBytes(lane.rig.workerdPid) };
}

function summarise(lane: Lane, reference: Lane, options: BenchOptions): Figures {
  const bytes = options.fileBytes * options.filesPerRun;
  const cpu = lane.samples.map((sample) => sample.cpuSeconds / (bytes / 1e9));
  const ratios = lane.samples.map(
    (sample, run) => sample.cpuSeconds / (reference.samples[run]?.cpuSeconds ?? Number.NaN),
  );
  return {
    name: lane.name,
    patchBytes: Number.isFinite(lane.patchBytes) ? lane.patchBytes : null,
    megabytesPerSecond: median(lane.samples.map((sample) => bytes / 1e6 / sample.seconds)),
    cpuSecondsPerGb: median(cpu),
    cpuSecondsPerGbRuns: cpu,
    ratioToFloor: median(ratios),
    ...memoryOf(lane),
  };
}

function summariseSmall(lane: Lane, { filesPerRun }: BenchOptions): SmallFigures {
  const cpu = lane.samples.map((sample) => (sample.cpuSeconds * 1000) / filesPerRun);
  return {
    name: lane.name,
    filesPerSecond: median(lane.samples.map((sample) => filesPerRun / sample.seconds)),
    cpuMsPerFile: median(cpu),
    cpuMsPerFileRuns: cpu,
    ...memoryOf(lane),
  };
}

function plansOf(contestants: readonly Contestant[], options: BenchOptions): LanePlan[] {
  return contestants.flatMap((contestant) => {
    const patchSizes = contestant.isFloor ? [Number.POSITIVE_INFINITY] : options.patchSizes;
    return patchSizes.map((patchBytes) => ({ contestant, patchBytes }));
  });
}

/** Uploads of `options.fileBytes`, one after the other, by every PATCH size. The reference must be among them. */
export async function measure(contestants: readonly Contestant[], options: BenchOptions): Promise<Figures[]> {
  return runLanes(plansOf(contestants, options), options, (lanes) => {
    const reference = lanes.find((lane) => lane.name === REFERENCE);
    if (reference === undefined) throw new Error(`${REFERENCE} has to run: ratios are taken to it`);
    return lanes.map((lane) => summarise(lane, reference, options));
  });
}

/** Files of `options.fileBytes`, each in one request, `options.concurrency` at once. */
export async function measureSmall(
  contestants: readonly Contestant[],
  options: BenchOptions,
): Promise<SmallFigures[]> {
  const plans = contestants.map((contestant) => ({ contestant, patchBytes: Number.POSITIVE_INFINITY }));
  return runLanes(plans, options, (lanes) => lanes.map((lane) => summariseSmall(lane, options)));
}
