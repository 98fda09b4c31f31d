import type { BenchOptions } from "./options.ts";
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
