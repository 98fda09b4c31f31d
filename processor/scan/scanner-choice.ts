import type { ScanProvider } from "#contract/wishes.ts";
import { ProcessorFailure } from "../failure.ts";
import type { Scanner, ScannerVersion } from "./scanner.ts";

/** The scanners that are set up here, of which a tenant may have chosen one. */
export class ScannerChoice {
  readonly #scanners: Readonly<Partial<Record<ScanProvider, Scanner>>>;
  /** What is scanned with where a tenant has chosen nothing. */
  readonly usual: Scanner;

  constructor(scanners: Readonly<Partial<Record<ScanProvider, Scanner>>>, usual: Scanner) {
    this.#scanners = scanners;
    this.usual = usual;
  }

  /** Never another than the one that was chosen. Throws SCANNER_NOT_CONFIGURED. */
  find(provider: ScanProvider | null): Scanner {
    if (provider === null) return this.usual;
    const scanner = this.#scanners[provider];
    if (scanner === undefined) throw new ProcessorFailure("SCANNER_NOT_CONFIGURED");
    return scanner;
  }

  /** Whether its verdict is a matter of seconds: VirusTotal takes minutes. Throws SCANNER_NOT_CONFIGURED. */
  isQuick(provider: ScanProvider | null): boolean {
    return this.find(provider) === this.#scanners.clamav;
  }

  /**
   * Which engine and signatures a scanner has now. Nobody asks before a job whether one is there that isn't the usual one;
   * that its files wait is no fault of theirs. Throws SCANNER_UNAVAILABLE of the usual one, CHOSEN_SCANNER_UNAVAILABLE.
   */
  async versionOf(scanner: Scanner): Promise<ScannerVersion> {
    if (scanner === this.usual) return scanner.version();
    return scanner.version().catch((cause: unknown) => {
      throw new ProcessorFailure("CHOSEN_SCANNER_UNAVAILABLE", { cause });
    });
  }
}
