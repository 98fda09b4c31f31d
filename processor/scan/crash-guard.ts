/**
 * A file that the scanner dies of would, tried again and again, be the end of scanning for everybody. So what was being
 * scanned when the scanner died is suspect: it is scanned with nothing beside it, after a pause that grows. Whoever was only a
 * neighbour has its verdict then, and is no suspect any more. A file with which the scanner has died three times (and it
 * was alone at two of them at least) isn't sent again: it is unscannable, as "Scanner.Crashed".
 *
 * Kept in memory, by the very bytes: a processor that starts anew has to learn it again.
 */
import { BoundedCounts } from "../bounded-counts.ts";
import type { Metrics } from "../metrics.ts";
import { ScanGate } from "./scan-gate.ts";
import { type Scan, ScanInterrupted, type Scanner, ScannerCrash } from "./scanner.ts";
import { openUnread } from "./unread-scan.ts";

const MAX_CRASHES = 3;
const MAX_SUSPECTS = 1_000;

/** What a scan is opened with. */
export type OpenScan = (sizeBytes: number, signal: AbortSignal) => Scan;

/** Runs scans so that one that the scanner dies of stays alone, and ends. */
export class CrashGuard {
  readonly #local: Pick<Scanner, "version">;
  readonly #metrics: Pick<Metrics, "scannerCrashes">;
  readonly #gate = new ScanGate();
  readonly #crashes = new BoundedCounts(MAX_SUSPECTS);

  /** @param local what is asked whether it is there still, when a connection was lost */
  constructor(local: Pick<Scanner, "version">, metrics: Pick<Metrics, "scannerCrashes">) {
    this.#local = local;
    this.#metrics = metrics;
  }

  /**
   * Does a pass over an object's bytes, when it is its turn. Throws ScannerCrash where the scanner died during it.
   * @param name of the bytes: an object's key and etag
   * @param open begins the scan that the pass is given
   */
  async run<T>(
    name: string,
    open: OpenScan,
    pass: (open: OpenScan) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const crashes = this.#crashes.get(name);
    if (crashes >= MAX_CRASHES) return pass((_, deadline) => openUnread("Scanner.Crashed", deadline));
    const result = await this.#gate.run(crashes > 0, () => this.#noteCrash(name, () => pass(open)), signal);
    this.#crashes.delete(name);
    return result;
  }

  /** The verdict has been taken: whoever asks for the file to be scanned again gets a scan. */
  forget(name: string): void {
    this.#crashes.delete(name);
  }

  async #noteCrash<T>(name: string, scan: () => Promise<T>): Promise<T> {
    try {
      return await scan();
    } catch (error) {
      if (!(error instanceof ScanInterrupted) || (await this.#isThere())) throw error;
      this.#metrics.scannerCrashes.inc();
      throw new ScannerCrash(this.#crashes.add(name), error);
    }
  }

  /** A connection may be lost for other reasons, of which no file is suspect. */
  #isThere(): Promise<boolean> {
    return this.#local.version().then(
      () => true,
      () => false,
    );
  }
}
