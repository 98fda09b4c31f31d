import { parseArgs } from "node:util";

const MIB = 1024 * 1024;

/** What `--small` uploads, how many at once and how many per sample: about a second each. */
const SMALL = { fileBytes: 1024, concurrency: 8, filesPerRun: 300, warmUpFiles: 300 };
const LARGE = { concurrency: 1, filesPerRun: 4, warmUpFiles: 2 };

/** What one invocation of `npm run bench` measures; sizes in bytes. */
export interface BenchOptions {
  /** Small files, each in one request, rather than large ones by PATCHes. */
  readonly small: boolean;
  readonly runs: number;
  readonly filesPerRun: number;
  readonly warmUpFiles: number;
  /** Uploads at work at a time. */
  readonly concurrency: number;
  readonly fileBytes: number;
  /** PATCH sizes; `Infinity` sends the file in one. */
  readonly patchSizes: readonly number[];
  readonly only: readonly string[];
  readonly jsonPath: string | undefined;
}

export const USAGE = `npm run bench -- [options]
  --patch 5,8,16,one   sizes of PATCHes in MiB (default 8)
  --size 64            file size in MiB
  --small              files of 1 KiB instead, each in one request, 8 at once
  --runs 5             samples of which the median is taken
  --files 4            files uploaded per sample (300 small ones): CPU time comes in ticks of 10 ms
  --only a,b           these contestants (floor-multipart-do always runs: it is what ratios are taken to)
  --quick              two samples of half as many files
  --json FILE          write the figures as JSON too`;

function parseCount(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} ${text}: expected a positive integer`);
  return value;
}

function parsePatchSize(text: string): number {
  return text === "one" ? Number.POSITIVE_INFINITY : parseCount("patch", text) * MIB;
}

/** Parses the command line, or throws an Error whose message is for the reader; undefined when help was asked for. */
export function parseOptions(argv: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      patch: { type: "string", default: "8" },
      size: { type: "string", default: "64" },
      small: { type: "boolean", default: false },
      runs: { type: "string" },
      files: { type: "string" },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { small, quick } = values;
  const load = small ? SMALL : { ...LARGE, fileBytes: parseCount("size", values.size) * MIB };
  return {
    ...load,
    small,
    runs: parseCount("runs", values.runs ?? (quick ? "2" : "5")),
    filesPerRun: parseCount("files", values.files ?? String(load.filesPerRun / (quick ? 2 : 1))),
    patchSizes: values.patch.split(",").map(parsePatchSize),
    only: values.only?.split(",") ?? [],
    jsonPath: values.json,
  };
}

/** `8 MiB`, or `one` when the whole file goes in one request. */
export function formatPatchSize(patchBytes: number): string {
  return Number.isFinite(patchBytes) ? `${patchBytes / MIB} MiB` : "one";
}
