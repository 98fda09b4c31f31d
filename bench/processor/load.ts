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
