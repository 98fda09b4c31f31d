import { parseArgs } from "node:util";
import type { ClientLoad } from "./client/load.ts";
import type { ListingLoad, MemoryLoad, ResumeLoad, StalledLoad, UploadLoad } from "./loads.ts";
import {
  clientLoad,
  listingLoad,
  memoryLoad,
  processorLoad,
  replicaLoad,
  resumeLoad,
  smallLoad,
  stalledLoad,
  uploadLoad,
} from "./loads.ts";
import type { ProcessorLoad } from "./processor/load.ts";
import type { ReplicaLoad } from "./replicas/load.ts";

const MIB = 1024 * 1024;

export const SECTION_NAMES = [
  "uploads",
  "small",
  "memory",
  "stalled",
  "operations",
  "resume",
  "listing",
  "processor",
  "replicas",
  "client",
] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

/** What one invocation of `npm run bench` measures; sizes in bytes. */
export interface BenchOptions {
  readonly sections: readonly SectionName[];
  /** One for each size of file. */
  readonly uploads: readonly UploadLoad[];
  readonly small: UploadLoad;
  readonly memory: MemoryLoad;
  readonly stalled: StalledLoad;
  readonly resume: ResumeLoad;
  readonly listing: ListingLoad;
  readonly processor: ProcessorLoad;
  readonly replicas: ReplicaLoad;
  readonly client: ClientLoad;
  /** PATCH sizes; `Infinity` sends the file in one. */
  readonly patchSizes: readonly number[];
  /** Names of contestants; empty for the usual ones. */
  readonly only: readonly string[];
  readonly jsonPath: string | undefined;
}

export const USAGE = `npm run bench -- [options]
what is measured (any of these; --uploads where none is given):
  --uploads            large files by PATCHes: MB/s, CPU and memory beside the floors
  --small              files of 1 KiB, each in one request, 8 at once
  --memory             32 uploads of 256 MiB at once, and the course of one of 10 GB
  --stalled            memory of clients that fell silent and of parts that were given up
  --operations         what an upload asks of the bucket, the database, the queue and its object's storage
  --resume             HEAD and first PATCH after a cut, at 10, 100 and 1,000 parts
  --listing            pages of lists of 10,000 and 1,000,000 files: time, CPU and rows read
  --processor          scans, images and documents beside bare programs, alone and while others wait: up to an hour
  --replicas           a file of 2 GiB to four targets: reads of the primary and memory; the first byte of copies
  --client             in Chromium: a dropped folder of 10,000 files, and as many rows that scroll
  --all                all of these
how:
  --patch 5,8,16,one   sizes of PATCHes in MiB (default 8), for --uploads
  --size 64,256        file sizes in MiB (default 64), for --uploads
  --runs 5             samples of which the median is taken
  --files 4            files uploaded per sample (256 MiB of large files, 300 small ones): CPU comes in ticks of 10 ms
  --copied-size 2048   size of the file that is copied, in MiB, for --replicas
  --only a,b           these contestants (--uploads and --small always run floor-multipart-do too: ratios are taken to it;
                       --memory runs the product alone where this isn't given); of --processor: these of scanning, derivers,
                       large, busy, conversions
  --quick              two samples of half as many files; a quarter of the bytes for --memory; up to 100 parts,
                       100,000 files (1,000 in a browser); 40 conversions; 256 MiB to four targets
  --json FILE          write the figures as JSON too`;

function parseCount(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} ${text}: expected a positive integer`);
  return value;
}

function parseOptionalCount(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseCount(name, text);
}

function parsePatchSize(text: string): number {
  return text === "one" ? Number.POSITIVE_INFINITY : parseCount("patch", text) * MIB;
}

function chooseSections(flags: Readonly<Record<SectionName, boolean>>, all: boolean): readonly SectionName[] {
  if (all) return SECTION_NAMES;
  const chosen = SECTION_NAMES.filter((name) => flags[name]);
  return chosen.length === 0 ? ["uploads"] : chosen;
}

/** Parses the command line, or throws an Error whose message is for the reader; undefined when help was asked for. */
export function parseOptions(argv: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      uploads: { type: "boolean", default: false },
      small: { type: "boolean", default: false },
      memory: { type: "boolean", default: false },
      stalled: { type: "boolean", default: false },
      operations: { type: "boolean", default: false },
      resume: { type: "boolean", default: false },
      listing: { type: "boolean", default: false },
      processor: { type: "boolean", default: false },
      replicas: { type: "boolean", default: false },
      client: { type: "boolean", default: false },
      all: { type: "boolean", default: false },
      patch: { type: "string", default: "8" },
      size: { type: "string", default: "64" },
      runs: { type: "string" },
      files: { type: "string" },
      "copied-size": { type: "string" },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  const runs = parseOptionalCount("runs", values.runs);
  const counts = { runs, files: parseOptionalCount("files", values.files), quick };
  const sizes = values.size.split(",").map((text) => parseCount("size", text) * MIB);
  return {
    sections: chooseSections(values, values.all),
    uploads: sizes.map((fileBytes) => uploadLoad(fileBytes, counts)),
    small: smallLoad(counts),
    memory: memoryLoad(quick),
    stalled: stalledLoad(quick),
    resume: resumeLoad(quick),
    listing: listingLoad(quick),
    processor: processorLoad(counts),
    replicas: replicaLoad(quick, parseOptionalCount("copied-size", values["copied-size"])),
    client: clientLoad(counts),
    patchSizes: values.patch.split(",").map(parsePatchSize),
    only: values.only?.split(",") ?? [],
    jsonPath: values.json,
  };
}
