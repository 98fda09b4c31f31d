import type { ClientLoad } from "./client/load.ts";
import type { ProcessorLoad } from "./processor/load.ts";
import type { ReplicaLoad } from "./replicas/load.ts";

/** How much work each part of the benchmark does; sizes in bytes. */
const MIB = 1024 * 1024;
const GB = 1e9;

/** Files that are uploaded and timed. */
export interface UploadLoad {
  readonly fileBytes: number;
  /** Uploads at work at a time. */
  readonly concurrency: number;
  /** Samples, of which the median is taken. */
  readonly runs: number;
  readonly filesPerRun: number;
  /** The first files also compile. */
  readonly warmUpFiles: number;
}

export interface MemoryLoad {
  readonly uploads: number;
  readonly fileBytes: number;
  /** After how many bytes of one large upload memory is read; the last is its length. */
  readonly courseBytes: readonly number[];
}

export interface StalledLoad {
  /** Requests whose body stalls after a byte. */
  readonly bodies: number;
  /** Parts that a store has no answer to. */
  readonly parts: number;
}

export interface ResumeLoad {
  readonly partCounts: readonly number[];
  /** Times that the upload is resumed at each: CPU time comes in ticks of 10 ms. */
  readonly rounds: number;
}

export interface ListingLoad {
  /** Files of the tenant that is asked. */
  readonly fileCounts: readonly number[];
  /** Of each list, at each number of files. */
  readonly requests: number;
}

/** Bytes of a sample, whatever the size of its files: of 256 MiB, the tick that CPU time comes in was 2.5 per cent. */
const SAMPLE_BYTES = 1024 * MIB;

export interface Counts {
  readonly runs: number | undefined;
  readonly files: number | undefined;
  readonly quick: boolean;
}

function runsOf({ runs, quick }: Counts): number {
  return runs ?? (quick ? 2 : 5);
}

function filesOf({ files, quick }: Counts, usual: number): number {
  return files ?? Math.max(1, Math.round(usual / (quick ? 2 : 1)));
}

export function uploadLoad(fileBytes: number, counts: Counts): UploadLoad {
  const filesPerRun = filesOf(counts, SAMPLE_BYTES / fileBytes);
  return { fileBytes, concurrency: 1, warmUpFiles: 2, runs: runsOf(counts), filesPerRun };
}

/** About a second for each sample. */
export function smallLoad(counts: Counts): UploadLoad {
  const filesPerRun = filesOf(counts, 300);
  return { fileBytes: 1024, concurrency: 8, warmUpFiles: 300, runs: runsOf(counts), filesPerRun };
}

export function memoryLoad(quick: boolean): MemoryLoad {
  if (quick) return { uploads: 32, fileBytes: 64 * MIB, courseBytes: [GB, 2 * GB] };
  return { uploads: 32, fileBytes: 256 * MIB, courseBytes: [GB, 2 * GB, 5 * GB, 10 * GB] };
}

export function stalledLoad(quick: boolean): StalledLoad {
  return quick ? { bodies: 64, parts: 6 } : { bodies: 300, parts: 16 };
}

export function resumeLoad(quick: boolean): ResumeLoad {
  return quick ? { partCounts: [10, 100], rounds: 5 } : { partCounts: [10, 100, 1_000], rounds: 20 };
}

export function listingLoad(quick: boolean): ListingLoad {
  return quick
    ? { fileCounts: [10_000, 100_000], requests: 20 }
    : { fileCounts: [10_000, 1_000_000], requests: 100 };
}

export function processorLoad(counts: Counts): ProcessorLoad {
  const runs = runsOf(counts);
  return counts.quick
    ? {
        ...{ runs, scanBytes: 32 * MIB, conversions: 40, hostile: 5 },
        ...{ officeFiles: 4, probes: 10, largeBytes: 200 * MIB },
      }
    : {
        ...{ runs, scanBytes: 512 * MIB, conversions: 1_000, hostile: 20 },
        ...{ officeFiles: 20, probes: 100, largeBytes: 1_945 * MIB },
      };
}

export function clientLoad(counts: Counts): ClientLoad {
  return { runs: runsOf(counts), files: counts.quick ? 1_000 : 10_000 };
}

/** @param sizeMib of the file that is copied */
export function replicaLoad(quick: boolean, sizeMib: number | undefined): ReplicaLoad {
  return { fileBytes: (sizeMib ?? (quick ? 256 : 2_048)) * MIB, reads: quick ? 10 : 40 };
}
