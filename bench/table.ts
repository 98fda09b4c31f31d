import { PRODUCT, REFERENCE } from "./contestants.ts";
import type { Figures, SmallFigures } from "./measure.ts";
import { formatPatchSize } from "./options.ts";

/** What the product's upload CPU may be of the reference's; from the issue that asked for this benchmark. */
export const TARGET_RATIO = 1.4;

const HEADERS = ["contestant", "PATCH", "MB/s", "CPU-s/GB", "× floor", "idle → peak RSS"];
const SMALL_HEADERS = ["contestant", "files/s", "CPU ms/file", "idle → peak RSS"];

function formatMebibytes(bytes: number): string {
  return (bytes / (1024 * 1024)).toFixed(0);
}

function formatMemory(figures: { readonly idleRssBytes: number; readonly peakRssBytes: number }): string {
  return `${formatMebibytes(figures.idleRssBytes)} → ${formatMebibytes(figures.peakRssBytes)} MiB`;
}

function formatSpread(middle: number, runs: readonly number[]): string {
  return `${middle.toFixed(2)} (${Math.min(...runs).toFixed(2)}–${Math.max(...runs).toFixed(2)})`;
}

function patchSizeOf(figures: Figures): string {
  return formatPatchSize(figures.patchBytes ?? Number.POSITIVE_INFINITY);
}

function formatRow(figures: Figures): string[] {
  return [
    figures.name,
    patchSizeOf(figures),
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

/** A Markdown table that also reads well in a terminal. */
function formatCells(headers: readonly string[], body: readonly string[][]): string {
  const rows = [headers, ...body];
  const widths = headers.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

export function formatTable(figures: readonly Figures[]): string {
  return formatCells(HEADERS, figures.map(formatRow));
}

export function formatSmallTable(figures: readonly SmallFigures[]): string {
  return formatCells(SMALL_HEADERS, figures.map(formatSmallRow));
}

/** One sentence on how the product stands to its target, or undefined when it wasn't measured. */
export function formatVerdict(figures: readonly Figures[]): string | undefined {
  const own = figures.filter(({ name }) => name === PRODUCT);
  if (own.length === 0) return undefined;
  const ratios = own.map((entry) => `${entry.ratioToFloor.toFixed(2)} (PATCH: ${patchSizeOf(entry)})`);
  const met = own.every(({ ratioToFloor }) => ratioToFloor <= TARGET_RATIO);
  const verdict = `${met ? "within" : "above"} the target of ${TARGET_RATIO}`;
  return `The CPU of ${PRODUCT} per GB is ${ratios.join(", ")} times that of ${REFERENCE}: ${verdict}.`;
}
