import { Client } from "./client.ts";
import type { Contestant } from "./contestants.ts";
import type { UploadLoad } from "./loads.ts";
import { readCpuSeconds, readRssBytes, resetPeakRss } from "./process-usage.ts";
import type { Rig } from "./rig.ts";
import type { Sinks } from "./sinks.ts";
import { startSinks } from "./sinks.ts";
import type { MakeUpload, Upload } from "./uploads.ts";

/** What the files of one run took. */
export interface Sample {
  readonly seconds: number;
  /** Of the process under test. */
  readonly cpuSeconds: number;
}

/** What a lane is to be made of: a contestant, and how it gets its files. */
export interface LanePlan {
  readonly contestant: Contestant;
  readonly makeUpload: MakeUpload;
  /** `Infinity` for the whole file in one request. */
  readonly patchBytes: number;
}

/** One contestant with one PATCH size, in a process of its own. */
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

async function openLane(plan: LanePlan, sinks: Sinks, load: UploadLoad): Promise<Lane> {
  const { contestant, patchBytes } = plan;
  const rig = await contestant.start(sinks);
  const client = new Client(rig.origin, load.concurrency);
  const upload = plan.makeUpload(client, load.fileBytes, patchBytes);
  const idleRssBytes = readRssBytes(rig.pid);
  return { name: contestant.name, patchBytes, rig, client, upload, idleRssBytes, samples: [] };
}

/** Uploads so many files, `concurrency` of them at a time. */
export async function uploadFiles(upload: Upload, files: number, concurrency: number): Promise<void> {
  let left = files;
  const uploadOn = async (): Promise<void> => {
    for (; left > 0;) {
      left -= 1;
      await upload();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, uploadOn));
}

async function warmUp({ upload, rig }: Lane, load: UploadLoad): Promise<void> {
  await uploadFiles(upload, load.warmUpFiles, load.concurrency);
  await rig.discardStored();
  resetPeakRss(rig.pid);
}

async function takeSample({ upload, rig, samples }: Lane, load: UploadLoad): Promise<void> {
  const cpuBefore = readCpuSeconds(rig.pid);
  const startedAt = performance.now();
  await uploadFiles(upload, load.filesPerRun, load.concurrency);
  const seconds = (performance.now() - startedAt) / 1000;
  samples.push({ seconds, cpuSeconds: readCpuSeconds(rig.pid) - cpuBefore });
  await rig.discardStored();
}

async function runRounds(lanes: readonly Lane[], load: UploadLoad): Promise<void> {
  for (const lane of lanes) await warmUp(lane, load);
  for (let run = 0; run < load.runs; run += 1) {
    for (const lane of lanes) await takeSample(lane, load);
  }
}

/** Starts every lane, takes interleaved samples, has them summarised, and stops them all, whatever happens. */
export async function runLanes<T>(
  plans: readonly LanePlan[],
  load: UploadLoad,
  summarise: (lanes: readonly Lane[]) => T,
): Promise<T> {
  const sinks = await startSinks();
  const lanes: Lane[] = [];
  try {
    for (const plan of plans) lanes.push(await openLane(plan, sinks, load));
    await runRounds(lanes, load);
    return summarise(lanes);
  } finally {
    for (const lane of lanes) lane.client.close();
    await Promise.all(lanes.map((lane) => lane.rig.stop()));
    await sinks.stop();
  }
}
