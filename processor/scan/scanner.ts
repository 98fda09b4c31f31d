import { ProcessorFailure } from "../failure.ts";
import type { ScanVerdict } from "./verdict.ts";

export interface ScannerVersion {
  /** e.g. "ClamAV 1.4.6" */
  readonly engine: string;
  /** Number and date of the signature database; "unnumbered" for a database that isn't the maker's own. */
  readonly signatureVersion: string;
  /** When the signatures are from; null where the scanner can't say. */
  readonly signaturesAtMs: number | null;
}

/** An object's bytes for a scanner elsewhere, which keeps them: only where the tenant has agreed to that. */
export interface ShareableObject {
  /** Throws STORE_UNAVAILABLE; undefined when it is gone. */
  read(signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>;
}

/** One object on its way through a scanner. */
export interface Scan {
  /** Takes a chunk, and resolves when there is room for the next. Throws SCANNER_UNAVAILABLE. */
  write(chunk: Uint8Array): Promise<void>;
  /** Says that this was all. Throws SCANNER_UNAVAILABLE when there is no whole and certain verdict. */
  finish(): Promise<ScanVerdict>;
  /** Gives it up, where it isn't over. */
  close(): void;
}

/**
 * What looks for malware. Whatever goes wrong with it is SCANNER_UNAVAILABLE, never a verdict: `clean` is said of the
 * whole of an object only, and only by a scanner that has looked at it.
 */
export interface Scanner {
  /**
   * @param signal the deadline of the scan
   * @param shareable absent where the bytes must not leave the house
   */
  open(sizeBytes: number, signal: AbortSignal, shareable?: ShareableObject): Scan;
  /** Which engine and signatures are in use now. It is the cheapest way to see whether it is there. */
  version(): Promise<ScannerVersion>;
  /** Whether it finds what every scanner must: an engine without signatures finds nothing in anything. */
  findsTestFile(): Promise<boolean>;
}

/** The connection ended while a file was on its way, by neither side's wish: SCANNER_UNAVAILABLE, and perhaps a death. */
export class ScanInterrupted extends ProcessorFailure {
  constructor(detail: string, cause: unknown) {
    super("SCANNER_UNAVAILABLE", { detail, cause });
  }
}

/** The scanner died while it was at a file. */
export class ScannerCrash extends ProcessorFailure {
  /** How often that has happened with this file. */
  readonly crashes: number;

  constructor(crashes: number, cause: unknown) {
    super("SCANNER_UNAVAILABLE", { detail: `the scanner died, ${crashes} times now with this file`, cause });
    this.crashes = crashes;
  }
}
