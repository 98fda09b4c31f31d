/** Memory of the product in the course of one large upload: it is to be flat in the file's size. */
import { CAUSEWAY, CAUSEWAY_COLLECTED, CAUSEWAY_LARGE_TUS } from "./causeway.ts";
import { whileCollecting } from "./collector.ts";
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
  /** Whether the isolate was made to collect its garbage all the time. */
  readonly isCollected: boolean;
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
  readonly #isCollected: boolean;
  readonly #patchBytes: number;
  readonly #milestones: number[];
  readonly #idleRssBytes: number;

  constructor(pid: number, isCollected: boolean, patchBytes: number, milestones: readonly number[]) {
    this.#pid = pid;
    this.#isCollected = isCollected;
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
      isCollected: this.#isCollected,
      patchBytes: Number.isFinite(this.#patchBytes) ? this.#patchBytes : null,
      sentBytes: next,
      idleRssBytes: this.#idleRssBytes,
      rssBytes: readRssBytes(this.#pid),
      peakRssBytes: readPeakRssBytes(this.#pid),
    });
  }
}

async function uploadLarge(
  { tus }: ProductSession,
  reader: CourseReader,
  patchBytes: number,
  sizeBytes: number,
): Promise<readonly CourseFigures[]> {
  const path = await tus.create(sizeBytes);
  for (let offset = 0; offset < sizeBytes;) {
    const start = offset;
    const body = streamBody(Math.min(patchBytes, sizeBytes - start), (sent) => reader.reached(start + sent));
    offset = await tus.append(path, start, body);
  }
  reader.reached(sizeBytes);
  return reader.figures;
}

export interface Course {
  /** `Infinity` for the whole file in one request. */
  readonly patchBytes: number;
  readonly milestones: readonly number[];
  readonly isCollected: boolean;
}

export function followCourse({
  patchBytes,
  milestones,
  isCollected,
}: Course): Promise<readonly CourseFigures[]> {
  return withProduct(isCollected ? CAUSEWAY_COLLECTED : CAUSEWAY, CAUSEWAY_LARGE_TUS, (session) => {
    const { rig } = session;
    const follow = (): Promise<readonly CourseFigures[]> => {
      const reader = new CourseReader(rig.pid, isCollected, patchBytes, milestones);
      return uploadLarge(session, reader, patchBytes, Math.max(...milestones));
    };
    return isCollected ? whileCollecting(rig, follow) : follow();
  });
}

const HEADERS = ["contestant", "collected", "PATCH", "sent", "idle RSS", "RSS", "peak RSS"];

function formatRow(figures: CourseFigures): string[] {
  const { name, isCollected, patchBytes, sentBytes, idleRssBytes, rssBytes, peakRssBytes } = figures;
  const memory = [idleRssBytes, rssBytes, peakRssBytes].map(formatBytes);
  return [name, isCollected ? "yes" : "no", formatPatchSize(patchBytes), `${sentBytes / 1e9} GB`, ...memory];
}

export function formatCourse(figures: readonly CourseFigures[]): string {
  return formatTable(HEADERS, figures.map(formatRow));
}

/** Of what is in use: when V8 collects the rest isn't the product's choice. */
export function targetsOfCourse(figures: readonly CourseFigures[]): TargetResult[] {
  const patchSizes = [...new Set(figures.map(({ patchBytes }) => patchBytes))];
  return patchSizes.flatMap((patchBytes) => {
    const course = figures.filter((entry) => entry.isCollected && entry.patchBytes === patchBytes);
    const [first, last] = [course[0], course.at(-1)];
    if (first === undefined || last === undefined) return [];
    const span = `${first.sentBytes / 1e9} to ${last.sentBytes / 1e9} GB, PATCH ${formatPatchSize(patchBytes)}`;
    const measured = (last.peakRssBytes - first.peakRssBytes) / MIB;
    return [atMost({ figure: `growth of peak memory, ${span}`, unit: "MiB", limit: FLAT_MIB, measured })];
  });
}
