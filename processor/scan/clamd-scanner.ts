import { MAX_SCAN_BYTES } from "./clamd-config.ts";
import { fetchClamdVersion, findsTestFile } from "./clamd.ts";
import { type ClamdAddress, InstreamScan } from "./instream.ts";
import type { Scan, Scanner, ScannerVersion } from "./scanner.ts";
import { openUnread } from "./unread-scan.ts";

/** ClamAV's clamd, to which each object is streamed. */
export class ClamdScanner implements Scanner {
  readonly #address: ClamdAddress;

  constructor(address: ClamdAddress) {
    this.#address = address;
  }

  /** What clamd would refuse for its size isn't sent to it. */
  open(sizeBytes: number, signal: AbortSignal): Scan {
    if (sizeBytes > MAX_SCAN_BYTES) return openUnread("Limits.StreamMaxLength", signal);
    return new InstreamScan(this.#address, sizeBytes, signal);
  }

  version(): Promise<ScannerVersion> {
    return fetchClamdVersion(this.#address);
  }

  findsTestFile(): Promise<boolean> {
    return findsTestFile(this.#address);
  }
}
