import { Client } from "./client.ts";
import type { Contestant } from "./contestants.ts";
import type { BenchOptions } from "./options.ts";
import { readCpuSeconds, readRssBytes, resetPeakRss } from "./process-usage.ts";
import type { Rig, Sink } from "./rig.ts";
import { startRig, startSink } from "./rig.ts";
import type { Upload } from "./uploads.ts";

/** What the files of one run took. */
export interface Sample {
  readonly seconds: number;
  /** Of workerd. */
  readonly cpuSeconds: number;
}

/** What a lane is to be made of: a contestant, and how it gets its files. */
export interface LanePlan {
  readonly contestant: Contestant;
  /** `Infinity` for the whole file in one request. */
  readonly patchBytes: number;
}

/** One contestant with one PATCH size, in a workerd of its own. */
export interface Lane {
  readonly name: string;
  readonly patchBytes: number;
  readonly rig: Rig;
  readonly client: Client;
  readonly upload: Upload;
  readonly idleRssBytes: number;
  readonly samples: Sample[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}

async function openLane(plan: LanePlan, sink: Sink, options: BenchOptions): Promise<Lane> {
  const { contestant, patchBytes } = plan;
  const rig = await startRig(contestant, sink);
  const client = new Client(rig.origin, options.concurrency);
  const makeUpload = options.small ? contestant.makeSmallUpload : contestant.makeUpload;
  const upload = makeUpload(client, options.fileBytes, patchBytes);
  const idleRssBytes = readRssBytes(rig.workerdPid);
  return { name: contestant.name, patchBytes, rig, client, upload, idleRssBytes, samples: [] };
}

async function uploadFiles(lane: Lane, files: number, concurrency: number): Promise<void> {
  let left = files;
  const uploadOn = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1;
      await lane.upload();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, uploadOn));
}

/** The first files also compile. */
async function warmUp(lane: Lane, options: BenchOptions): Promise<void> {
  await uploadFiles(lane, options.warmUpFiles, options.concurrency);
  resetPeakRss(lane.rig.workerdPid);
}

async function takeSample(lane: Lane, options: BenchOptions): Promise<void> {
  const cpuBefore = readCpuSeconds(lane.rig.workerdPid);
  const startedAt = performance.now();
  await uploadFiles(lane, options.filesPerRun, options.concurrency);
  const seconds = (performance.now() - startedAt) / 1000;
  lane.samples.push({ seconds, cpuSeconds: readCpuSeconds(lane.rig.workerdPid) - cpuBefore });
}

async function runRounds(lanes: readonly Lane[], options: BenchOptions): Promise<void> {
  for (const lane of lanes) await warmUp(lane, options);
  for (let run = 0; run < options.runs; run += 1) {
    for (const lane of lanes) await takeSample(lane, options);
  }
}

/** Starts every lane, takes interleaved samples, has them summarised, and stops them all, whatever happens. */
export async function runLanes<T>(
  plans: readonly LanePlan[],
  options: BenchOptions,
  summarise: (lanes: readonly Lane[]) => T,
): Promise<T> {
  const sink = await startSink();
  const lanes: Lane[] = [];
  try {
    for (const plan of plans) lanes.push(await openLane(plan, sink, options));
    await runRounds(lanes, options);
    return summarise(lanes);
  } finally {
    for (const lane of lanes) lane.client.close();
    await Promise.all(lanes.map((lane) => lane.rig.stop()));
    sink.stop();
  }
}
