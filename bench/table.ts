const MIB = 1024 * 1024;

/** A Markdown table that also reads well in a terminal. */
export function formatTable(headers: readonly string[], body: readonly (readonly string[])[]): string {
  const rows = [headers, ...body];
  const widths = headers.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

/** `64 MiB`, or `1 KiB` where it is less than one. */
export function formatBytes(bytes: number): string {
  if (Math.abs(bytes) < MIB) return `${(bytes / 1024).toFixed(0)} KiB`;
  return `${(bytes / MIB).toFixed(0)} MiB`;
}

/** `8 MiB`, or `one` when the whole file goes in one request: null, or `Infinity`. */
export function formatPatchSize(patchBytes: number | null): string {
  return patchBytes !== null && Number.isFinite(patchBytes) ? formatBytes(patchBytes) : "one";
}

export function formatMemory(figures: {
  readonly idleRssBytes: number;
  readonly peakRssBytes: number;
}): string {
  return `${formatBytes(figures.idleRssBytes)} → ${formatBytes(figures.peakRssBytes)}`;
}

export function formatSpread(middle: number, runs: readonly number[]): string {
  return `${middle.toFixed(2)} (${Math.min(...runs).toFixed(2)}–${Math.max(...runs).toFixed(2)})`;
}
