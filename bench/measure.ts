import { Client } from "./client.ts";
import type { Contestant } from "./contestants.ts";
import { REFERENCE } from "./contestants.ts";
import type { BenchOptions } from "./options.ts";
import { readCpuSeconds, readPeakRssBytes, readRssBytes, resetPeakRss } from "./process-usage.ts";
import type { Rig, Sink } from "./rig.ts";
import { startRig, startSink } from "./rig.ts";
import type { Upload } from "./uploads.ts";

/** What one contestant did with one PATCH size. Medians over the runs; MB and GB are decimal. */
export interface Figures {
  readonly name: string;
  /** null: the whole file in one request. */
  readonly patchBytes: number | null;
  readonly megabytesPerSecond: number;
  readonly cpuSecondsPerGb: number;
  /** Each run's, in order, to see the spread. */
  readonly cpuSecondsPerGbRuns: readonly number[];
  /** CPU-s/GB over the reference's: the median of the ratios taken within each round. */
  readonly ratioToFloor: number;
  readonly idleRssBytes: number;
  readonly peakRssBytes: number;
}

interface Sample {
  readonly cpuSecondsPerGb: number;
  readonly megabytesPerSecond: number;
}

interface Lane {
  readonly name: string;
  readonly patchBytes: number;
  readonly rig: Rig;
  readonly client: Client;
  readonly upload: Upload;
  readonly idleRssBytes: number;
  readonly samples: Sample[];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}

async function openLane(
  contestant: Contestant,
  patchBytes: number,
  sink: Sink,
  fileBytes: number,
): Promise<Lane> {
  const rig = await startRig(contestant, sink);
  const client = new Client(rig.origin);
  const upload = contestant.makeUpload(client, fileBytes, patchBytes);
  const idleRssBytes = readRssBytes(rig.workerdPid);
  return { name: contestant.name, patchBytes, rig, client, upload, idleRssBytes, samples: [] };
}

/** Two files: the first one also compiles. */
async function warmUp(lane: Lane): Promise<void> {
  await lane.upload();
  await lane.upload();
  resetPeakRss(lane.rig.workerdPid);
}

async function takeSample(lane: Lane, options: BenchOptions): Promise<void> {
  const cpuBefore = readCpuSeconds(lane.rig.workerdPid);
  const startedAt = performance.now();
  for (let file = 0; file < options.filesPerRun; file += 1) await lane.upload();
  const seconds = (performance.now() - startedAt) / 1000;
  const bytes = options.fileBytes * options.filesPerRun;
  lane.samples.push({
    cpuSecondsPerGb: (readCpuSeconds(lane.rig.workerdPid) - cpuBefore) / (bytes / 1e9),
    megabytesPerSecond: bytes / 1e6 / seconds,
  });
}

function summarise(lane: Lane, reference: Lane): Figures {
  const cpu = lane.samples.map((sample) => sample.cpuSecondsPerGb);
  const ratios = cpu.map((value, run) => value / (reference.samples[run]?.cpuSecondsPerGb ?? Number.NaN));
  return {
    name: lane.name,
    patchBytes: Number.isFinite(lane.patchBytes) ? lane.patchBytes : null,
    megabytesPerSecond: median(lane.samples.map((sample) => sample.megabytesPerSecond)),
    cpuSecondsPerGb: median(cpu),
    cpuSecondsPerGbRuns: cpu,
    ratioToFloor: median(ratios),
    idleRssBytes: lane.idleRssBytes,
    peakRssBytes: readPeakRssBytes(lane.rig.workerdPid),
  };
}

function lanesOf(contestants: readonly Contestant[], options: BenchOptions) {
  return contestants.flatMap((contestant) => {
    const patchSizes = contestant.isFloor ? [Number.POSITIVE_INFINITY] : options.patchSizes;
    return patchSizes.map((patchBytes) => ({ contestant, patchBytes }));
  });
}

async function runRounds(lanes: readonly Lane[], options: BenchOptions): Promise<Figures[]> {
  const reference = lanes.find((lane) => lane.name === REFERENCE);
  if (reference === undefined) throw new Error(`${REFERENCE} has to run: ratios are taken to it`);
  for (const lane of lanes) await warmUp(lane);
  for (let run = 0; run < options.runs; run += 1) {
    for (const lane of lanes) await takeSample(lane, options);
  }
  return lanes.map((lane) => summarise(lane, reference));
}

/** Starts every contestant, takes interleaved samples, and stops them all, whatever happens. */
export async function measure(contestants: readonly Contestant[], options: BenchOptions): Promise<Figures[]> {
  const sink = await startSink();
  const lanes: Lane[] = [];
  try {
    for (const { contestant, patchBytes } of lanesOf(contestants, options)) {
      lanes.push(await openLane(contestant, patchBytes, sink, options.fileBytes));
    }
    return await runRounds(lanes, options);
  } finally {
    for (const lane of lanes) lane.client.close();
    await Promise.all(lanes.map((lane) => lane.rig.stop()));
    sink.stop();
  }
}
