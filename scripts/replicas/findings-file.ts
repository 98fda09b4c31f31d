import { appendFileSync, createReadStream, existsSync, truncateSync } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";

/** What is wrong with one copy. `since`: when it was last known to be right. */
const Problem = z.object({
  where: z.string(),
  what: z.string(),
  since: z.string().nullable(),
  /** What repair has done about it. */
  mended: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;

/** The first line: which survey it is. */
const BeginLine = z.object({
  kind: z.literal("begin"),
  tenant: z.string(),
  command: z.string(),
  targets: z.array(z.string()),
  sample: z.number(),
  primary: z.boolean(),
  dryRun: z.boolean(),
  /** Absolute path of the file that it goes by; null for the records. */
  against: z.string().nullable(),
});
export type BeginLine = z.infer<typeof BeginLine>;

const VersionLine = z.object({
  kind: z.literal("version"),
  fileId: z.string(),
  version: z.int(),
  key: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
  /** Copies that were read and are right. */
  verified: z.int(),
  problems: z.array(Problem),
});
export type VersionLine = z.infer<typeof VersionLine>;

/** A page of the records is done: whoever goes on does so behind it. Null behind the last. */
const PageLine = z.object({ kind: z.literal("page"), nextCursor: z.string().nullable() });
const EndLine = z.object({ kind: z.literal("end"), root: z.string(), versions: z.int() });
export type EndLine = z.infer<typeof EndLine>;

const Line = z.discriminatedUnion("kind", [BeginLine, VersionLine, PageLine, EndLine]);
export type Line = z.infer<typeof Line>;

/** Lines of a file of findings, with where each ends; the last is left out where it was cut. */
export async function* readLines(path: string): AsyncGenerator<{ line: Line; endByte: number }> {
  if (!existsSync(path)) return;
  let endByte = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const line = parseLine(text);
    if (line === undefined) return;
    endByte += Buffer.byteLength(text) + 1;
    yield { line, endByte };
  }
}

function parseLine(text: string): Line | undefined {
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** What was found so far; in memory alone where there is no path. */
export class FindingsFile {
  readonly #path: string | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
  }

  write(line: Line): void {
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }

  /** Cuts off what belongs to a page that wasn't finished. */
  cutAt(endByte: number): void {
    if (this.#path !== undefined && existsSync(this.#path)) truncateSync(this.#path, endByte);
  }
}
