import type { Scan, Scanner, ScannerVersion, ShareableObject } from "./scanner.ts";
import type { ScanVerdict } from "./verdict.ts";
import { UNKNOWN_SIGNATURE } from "./virustotal-scanner.ts";

/**
 * A scanner here, and one elsewhere that is asked about what the first calls clean. Clean is what both say; only that
 * the second doesn't know a file, which it mustn't be sent, leaves it to the first. Where either can't be asked, files wait.
 */
export class BothScanners implements Scanner {
  readonly #first: Scanner;
  readonly #second: Scanner;

  constructor(first: Scanner, second: Scanner) {
    this.#first = first;
    this.#second = second;
  }

  open(sizeBytes: number, signal: AbortSignal, shareable?: ShareableObject): Scan {
    const first = this.#first.open(sizeBytes, signal, shareable);
    const second = this.#second.open(sizeBytes, signal, shareable);
    return {
      write: async (chunk) => {
        await Promise.all([first.write(chunk), second.write(chunk)]);
      },
      finish: async () => {
        const found = await first.finish();
        return found.verdict === "clean" ? confirm(found, await second.finish()) : found;
      },
      close: () => {
        first.close();
        second.close();
      },
    };
  }

  async version(): Promise<ScannerVersion> {
    const [first, second] = await Promise.all([this.#first.version(), this.#second.version()]);
    return { ...first, engine: `${first.engine} and ${second.engine}`.slice(0, 100) };
  }

  async findsTestFile(): Promise<boolean> {
    return (await this.#first.findsTestFile()) && this.#second.findsTestFile();
  }
}

function confirm(clean: ScanVerdict, second: ScanVerdict): ScanVerdict {
  return second.signatureName === UNKNOWN_SIGNATURE ? clean : second;
}
