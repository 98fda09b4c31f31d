import type { Figures } from "./measure.ts";
import { formatPatchSize } from "./options.ts";

const HEADERS = ["contestant", "PATCH", "MB/s", "CPU-s/GB", "× floor", "idle → peak RSS"];

function formatMebibytes(bytes: number): string {
  return (bytes / (1024 * 1024)).toFixed(0);
}

function formatRow(figures: Figures): string[] {
  return [
    figures.name,
    formatPatchSize(figures.patchBytes ?? Number.POSITIVE_INFINITY),
    figures.megabytesPerSecond.toFixed(0),
    `${figures.cpuSecondsPerGb.toFixed(2)} (${Math.min(...figures.cpuSecondsPerGbRuns).toFixed(2)}–${Math.max(...figures.cpuSecondsPerGbRuns).toFixed(2)})`,
    figures.ratioToFloor.toFixed(2),
    `${formatMebibytes(figures.idleRssBytes)} → ${formatMebibytes(figures.peakRssBytes)} MiB`,
  ];
}

/** A Markdown table that also reads well in a terminal. */
export function formatTable(figures: readonly Figures[]): string {
  const rows = [HEADERS, ...figures.map(formatRow)];
  const widths = HEADERS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}
