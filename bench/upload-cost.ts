import { CONTESTANTS, chooseContestants, PRODUCT, REFERENCE } from "./contestants.ts";
import type { Figures, SmallFigures } from "./measure.ts";
import { measure, measureSmall } from "./measure.ts";
import type { Section } from "./section.ts";
import { formatBytes, formatMemory, formatPatchSize, formatSpread, formatTable } from "./table.ts";
import type { TargetResult } from "./targets.ts";
import { atLeast, atMost } from "./targets.ts";

/** PATCHes of less than this are many for their bytes, and are granted more. */
const ORDINARY_PATCH_BYTES = 8 * 1024 * 1024;
const CPU_RATIO = 1.15;
const SMALL_PATCH_CPU_RATIO = 1.3;
const THROUGHPUT_RATIO = 0.85;
const SMALL_FILE_CPU_MS = 4;

const HEADERS = ["contestant", "file", "PATCH", "MB/s", "CPU-s/GB", "× floor", "idle → peak RSS"];
const SMALL_HEADERS = ["contestant", "files/s", "CPU ms/file", "idle → peak RSS"];

function contestantsBesideReference(only: readonly string[]) {
  return only.length === 0 ? CONTESTANTS : chooseContestants([REFERENCE, ...only]);
}

function formatRow(figures: Figures): string[] {
  return [
    figures.name,
    formatBytes(figures.fileBytes),
    formatPatchSize(figures.patchBytes),
    figures.megabytesPerSecond.toFixed(0),
    formatSpread(figures.cpuSecondsPerGb, figures.cpuSecondsPerGbRuns),
    figures.ratioToFloor.toFixed(2),
    formatMemory(figures),
  ];
}

function formatSmallRow(figures: SmallFigures): string[] {
  return [
    figures.name,
    figures.filesPerSecond.toFixed(0),
    formatSpread(figures.cpuMsPerFile, figures.cpuMsPerFileRuns),
    formatMemory(figures),
  ];
}

function targetsOf(figures: Figures): TargetResult[] {
  const { fileBytes, patchBytes, ratioToFloor, throughputRatioToFloor } = figures;
  const isOrdinary = patchBytes === null || patchBytes >= ORDINARY_PATCH_BYTES;
  const upload = `${formatBytes(fileBytes)}, PATCH ${formatPatchSize(patchBytes)}`;
  const unit = `× ${REFERENCE}`;
  const limit = isOrdinary ? CPU_RATIO : SMALL_PATCH_CPU_RATIO;
  const cpu = atMost({ figure: `CPU per GB, ${upload}`, unit, limit, measured: ratioToFloor });
  if (!isOrdinary || patchBytes === null) return [cpu];
  const figure = `MB/s, ${upload}`;
  return [cpu, atLeast({ figure, unit, limit: THROUGHPUT_RATIO, measured: throughputRatioToFloor })];
}

/** Large files, by PATCHes of every size asked for. */
export const measureUploads: Section = async ({ uploads, patchSizes, only }) => {
  const contestants = contestantsBesideReference(only);
  const figures: Figures[] = [];
  for (const load of uploads) figures.push(...(await measure(contestants, load, patchSizes)));
  const targets = figures.filter(({ name }) => name === PRODUCT).flatMap(targetsOf);
  return { figures, table: formatTable(HEADERS, figures.map(formatRow)), targets };
};

/** Small files, the whole of what is done for each. */
export const measureSmallUploads: Section = async ({ small, only }) => {
  const figures = await measureSmall(contestantsBesideReference(only), small);
  const product = figures.filter(({ name }) => name === PRODUCT);
  const targets = product.map(({ cpuMsPerFile }) =>
    atMost({ figure: "CPU of a small file", unit: "ms", limit: SMALL_FILE_CPU_MS, measured: cpuMsPerFile }),
  );
  return { figures, table: formatTable(SMALL_HEADERS, figures.map(formatSmallRow)), targets };
};
