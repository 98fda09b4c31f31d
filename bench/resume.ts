/**
 * What going on after a cut costs when an upload has many parts already. The client leaves amid a PATCH, and the
 * upload's object is taken out of memory before each HEAD, as it is when the client comes back after a while.
 */
import { CAUSEWAY_COUNTED, CAUSEWAY_LARGE_TUS, OBJECT_CLASS, objectName } from "./causeway.ts";
import { median } from "./lanes.ts";
import type { ResumeLoad } from "./loads.ts";
import type { OperationCounts } from "./operation-counts.ts";
import { countOf, takeOperations } from "./operation-counts.ts";
import { readCpuSeconds } from "./process-usage.ts";
import type { ProductSession } from "./product-session.ts";
import { withProduct } from "./product-session.ts";
import type { Section } from "./section.ts";
import { formatTable } from "./table.ts";
import type { TargetResult } from "./targets.ts";
import { atMost } from "./targets.ts";
import { makeBody } from "./uploads.ts";

/** The least that stores take: the most parts for an upload's bytes. Each PATCH is one. */
const PART_BYTES = 5 * 1024 * 1024;
const STORAGE_READS = 5;
/** What is asked to find out where the upload is and what it has. */
const READS = ["sql.read", "r2.head", "r2.get", "d1.statement"];

interface ResumeFigures {
  readonly parts: number;
  readonly headMs: number;
  readonly firstPatchMs: number;
  readonly cpuMs: number;
  /** Of the median resume: statements and calls that read, and the rows that they read. */
  readonly storageReads: number;
  readonly rowsRead: number;
  /** Of the bytes that were sent before the cut, those that the server didn't keep. */
  readonly lostBytes: number;
}

interface Round {
  readonly headMs: number;
  readonly patchMs: number;
  readonly cpuSeconds: number;
  readonly operations: OperationCounts;
}

/** One upload that is made longer and cut by turns. */
class CutUpload {
  readonly #session: ProductSession;
  readonly #path: string;
  readonly #part = makeBody(PART_BYTES);
  #offsetBytes = 0;

  constructor(session: ProductSession, path: string) {
    this.#session = session;
    this.#path = path;
  }

  async growTo(bytes: number): Promise<void> {
    for (; this.#offsetBytes < bytes;) await this.#append(bytes - this.#offsetBytes);
  }

  /** Leaves amid a PATCH. Returns how many of the bytes sent weren't kept. */
  async cut(): Promise<number> {
    const sentBytes = PART_BYTES / 2;
    const { tus } = this.#session;
    await tus.appendAndLeave(this.#path, this.#offsetBytes, this.#part, sentBytes);
    const reachedBytes = this.#offsetBytes + sentBytes;
    this.#offsetBytes = await tus.offset(this.#path);
    return reachedBytes - this.#offsetBytes;
  }

  /** Comes back to an upload that nobody has in memory. */
  async resume(): Promise<Round> {
    const { rig, client, tus } = this.#session;
    await rig.evictObject(OBJECT_CLASS, objectName(this.#path));
    await takeOperations(client);
    const cpuBefore = readCpuSeconds(rig.pid);
    const startedAt = performance.now();
    this.#offsetBytes = await tus.offset(this.#path);
    const headAt = performance.now();
    await this.#append(PART_BYTES);
    const patchAt = performance.now();
    return {
      headMs: headAt - startedAt,
      patchMs: patchAt - headAt,
      cpuSeconds: readCpuSeconds(rig.pid) - cpuBefore,
      operations: await takeOperations(client),
    };
  }

  async #append(bytes: number): Promise<void> {
    const body = this.#part.subarray(0, bytes);
    this.#offsetBytes = await this.#session.tus.append(this.#path, this.#offsetBytes, body);
  }
}

async function measureAt(upload: CutUpload, parts: number, roundCount: number): Promise<ResumeFigures> {
  await upload.growTo(parts * PART_BYTES);
  const lostBytes = await upload.cut();
  const rounds: Round[] = [];
  for (let round = 0; round < roundCount; round += 1) rounds.push(await upload.resume());
  const perResume = (...names: readonly string[]): number =>
    median(rounds.map(({ operations }) => names.reduce((sum, name) => sum + countOf(operations, name), 0)));
  return {
    parts,
    headMs: median(rounds.map(({ headMs }) => headMs)),
    firstPatchMs: median(rounds.map(({ patchMs }) => patchMs)),
    cpuMs: (rounds.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) * 1000) / roundCount,
    storageReads: perResume(...READS),
    rowsRead: perResume("sql.rowsRead"),
    lostBytes,
  };
}

async function measureAll(session: ProductSession, { partCounts, rounds }: ResumeLoad) {
  const most = Math.max(...partCounts);
  const path = await session.tus.create((most + 2 * rounds) * PART_BYTES);
  const upload = new CutUpload(session, path);
  const figures: ResumeFigures[] = [];
  for (const parts of partCounts) figures.push(await measureAt(upload, parts, rounds));
  return figures;
}

function targetsOf(figures: readonly ResumeFigures[]): TargetResult[] {
  const [fewest] = figures;
  const most = figures.at(-1);
  if (fewest === undefined || most === undefined) return [];
  const atMostParts = `at ${most.parts} parts`;
  const growth = `${most.parts} parts over ${fewest.parts}`;
  const lost = Math.max(...figures.map(({ lostBytes }) => lostBytes));
  return [
    atMost({
      ...{ figure: `storage reads of a resume ${atMostParts}`, unit: "" },
      ...{ limit: STORAGE_READS, measured: most.storageReads },
    }),
    atMost({
      ...{ figure: `rows read by a resume, ${growth}`, unit: "×" },
      ...{ limit: 1, measured: most.rowsRead / fewest.rowsRead },
    }),
    atMost({ figure: "received bytes to be sent again after a cut", unit: "", limit: 0, measured: lost }),
  ];
}

const HEADERS = [
  ...["parts", "HEAD ms", "first PATCH ms", "CPU ms"],
  ...["storage reads", "rows read", "bytes lost by the cut"],
];

function formatRow(figures: ResumeFigures): string[] {
  return [
    String(figures.parts),
    figures.headMs.toFixed(1),
    figures.firstPatchMs.toFixed(1),
    figures.cpuMs.toFixed(1),
    figures.storageReads.toFixed(1),
    figures.rowsRead.toFixed(1),
    String(figures.lostBytes),
  ];
}

/** HEAD and first PATCH after a cut, at more and more parts. */
export const measureResume: Section = async ({ resume }) => {
  const figures = await withProduct(CAUSEWAY_COUNTED, CAUSEWAY_LARGE_TUS, (session) =>
    measureAll(session, resume),
  );
  return { figures, table: formatTable(HEADERS, figures.map(formatRow)), targets: targetsOf(figures) };
};
