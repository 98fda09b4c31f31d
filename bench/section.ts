import type { BenchOptions } from "./options.ts";
import { formatTable } from "./table.ts";
import type { TargetResult } from "./targets.ts";

/** What one part of the benchmark found out. */
export interface SectionResult {
  /** For reading by programs; every number's unit is in its name. */
  readonly figures: readonly object[];
  /** The same for people. */
  readonly table: string;
  /** How the product stands to its targets, where it was measured. */
  readonly targets: readonly TargetResult[];
}

export type Section = (options: BenchOptions) => Promise<SectionResult>;

/** One figure, in words, and beside what it is to be. */
export interface Row {
  readonly figure: string;
  readonly measured: string;
  readonly target?: TargetResult;
}

/** What rows come to, for a part of the benchmark that has nothing else. */
export function resultOf(rows: readonly Row[]): SectionResult {
  return {
    figures: rows.map(({ figure, measured }) => ({ figure, measured })),
    table: formatTable(
      ["what", "measured"],
      rows.map(({ figure, measured }) => [figure, measured]),
    ),
    targets: rows.flatMap(({ target }) => target ?? []),
  };
}
