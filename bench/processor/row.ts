import type { TargetResult } from "../targets.ts";

/** How much work the figures of the processor are taken from; sizes in bytes. */
export interface ProcessorLoad {
  /** Of which a median is taken. */
  readonly runs: number;
  readonly scanBytes: number;
  /** All kinds of files, one after the other, and how many of them are made to do harm. */
  readonly conversions: number;
  readonly hostile: number;
  /** Office files that are waited for while others come. */
  readonly officeFiles: number;
  /** Small files that are scanned meanwhile. */
  readonly probes: number;
  readonly largeBytes: number;
}

/** One figure, in words, and beside what it is to be. */
export interface ProcessorRow {
  readonly figure: string;
  readonly measured: string;
  readonly target?: TargetResult;
}
