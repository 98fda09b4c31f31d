/** Memory of the product in the course of one large upload: it is to be flat in the file's size. */
import { CAUSEWAY, CAUSEWAY_LARGE_TUS } from "./causeway.ts";
import { PRODUCT } from "./contestants.ts";
import { readPeakRssBytes, readRssBytes, resetPeakRss } from "./process-usage.ts";
import type { ProductSession } from "./product-session.ts";
import { withProduct } from "./product-session.ts";
import { formatBytes, formatPatchSize, formatTable } from "./table.ts";
import type { TargetResult } from "./targets.ts";
import { atMost } from "./targets.ts";
import { streamBody } from "./uploads.ts";

const MIB = 1024 * 1024;
/** Two parts: what is or isn't collected yet moves by as much. */
const FLAT_MIB = 16;

export interface CourseFigures {
  readonly name: string;
  /** null: the whole file in one request. */
  readonly patchBytes: number | null;
  readonly sentBytes: number;
  readonly idleRssBytes: number;
  readonly rssBytes: number;
  /** Since the upload began. */
  readonly peakRssBytes: number;
}

/** Reads the memory of a process whenever so many bytes have been sent to it. */
class CourseReader {
  readonly figures: CourseFigures[] = [];
  readonly #pid: number;
  readonly #patchBytes: number;
  readonly #milestones: number[];
  readonly #idleRssBytes: number;

  constructor(pid: number, patchBytes: number, milestones: readonly number[]) {
    this.#pid = pid;
    this.#patchBytes = patchBytes;
    this.#milestones = [...milestones];
    this.#idleRssBytes = readRssBytes(pid);
    resetPeakRss(pid);
  }

  reached(sentBytes: number): void {
    const [next = Number.POSITIVE_INFINITY] = this.#milestones;
    if (sentBytes < next) return;
    this.#milestones.shift();
    this.figures.push({
      name: PRODUCT,
      patchBytes: Number.isFinite(this.#patchBytes) ? this.#patchBytes : null,
      sentBytes: next,
      idleRssBytes: this.#idleRssBytes,
      rssBytes: readRssBytes(this.#pid),
      peakRssBytes: readPeakRssBytes(this.#pid),
    });
  }
}

async function uploadLarge(
  { rig, tus }: ProductSession,
  patchBytes: number,
  milestones: readonly number[],
): Promise<readonly CourseFigures[]> {
  const sizeBytes = Math.max(...milestones);
  const reader = new CourseReader(rig.pid, patchBytes, milestones);
  const path = await tus.create(sizeBytes);
  for (let offset = 0; offset < sizeBytes;) {
    const start = offset;
    const body = streamBody(Math.min(patchBytes, sizeBytes - start), (sent) => reader.reached(start + sent));
    offset = await tus.append(path, start, body);
  }
  reader.reached(sizeBytes);
  return reader.figures;
}

/** @param patchBytes `Infinity` for the whole file in one request */
export function followCourse(
  patchBytes: number,
  milestones: readonly number[],
): Promise<readonly CourseFigures[]> {
  return withProduct(CAUSEWAY, CAUSEWAY_LARGE_TUS, (session) => uploadLarge(session, patchBytes, milestones));
}

const HEADERS = ["contestant", "PATCH", "sent", "idle RSS", "RSS", "peak RSS"];

function formatRow(figures: CourseFigures): string[] {
  const { name, patchBytes, sentBytes, idleRssBytes, rssBytes, peakRssBytes } = figures;
  const memory = [idleRssBytes, rssBytes, peakRssBytes].map(formatBytes);
  return [name, formatPatchSize(patchBytes), `${sentBytes / 1e9} GB`, ...memory];
}

export function formatCourse(figures: readonly CourseFigures[]): string {
  return formatTable(HEADERS, figures.map(formatRow));
}

export function targetsOfCourse(figures: readonly CourseFigures[]): TargetResult[] {
  const patchSizes = [...new Set(figures.map(({ patchBytes }) => patchBytes))];
  return patchSizes.flatMap((patchBytes) => {
    const course = figures.filter((entry) => entry.patchBytes === patchBytes);
    const [first, last] = [course[0], course.at(-1)];
    if (first === undefined || last === undefined) return [];
    const span = `${first.sentBytes / 1e9} to ${last.sentBytes / 1e9} GB, PATCH ${formatPatchSize(patchBytes)}`;
    const measured = (last.peakRssBytes - first.peakRssBytes) / MIB;
    return [atMost({ figure: `growth of peak memory, ${span}`, unit: "MiB", limit: FLAT_MIB, measured })];
  });
}
