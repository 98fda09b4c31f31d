import { ProcessorFailure } from "../failure.ts";
import type { Scan, Scanner, ShareableObject, ScannerVersion } from "./scanner.ts";

export interface FreshnessRule {
  /** Signatures that are older know too little of what goes round. */
  readonly maxAgeDays: number;
  /** Whether signatures that don't say when they are from will do: those of a development stack. */
  readonly allowUndated: boolean;
}

const DAY_MS = 86_400_000;

/** A scanner that counts as absent while its signatures are old, so that files wait instead of being called clean by it. */
export class FreshScanner implements Scanner {
  readonly #scanner: Scanner;
  readonly #rule: FreshnessRule;

  constructor(scanner: Scanner, rule: FreshnessRule) {
    this.#scanner = scanner;
    this.#rule = rule;
  }

  open(sizeBytes: number, signal: AbortSignal, shareable?: ShareableObject): Scan {
    return this.#scanner.open(sizeBytes, signal, shareable);
  }

  /** Throws SCANNER_UNAVAILABLE with the reason, which health shows. */
  async version(): Promise<ScannerVersion> {
    const version = await this.#scanner.version();
    const staleness = describeStaleness(version, this.#rule, Date.now());
    if (staleness === undefined) return version;
    throw new ProcessorFailure("SCANNER_UNAVAILABLE", { detail: staleness });
  }

  findsTestFile(): Promise<boolean> {
    return this.#scanner.findsTestFile();
  }
}

/** Why nothing may be called clean by these signatures; undefined when it may. */
export function describeStaleness(
  { signaturesAtMs }: Pick<ScannerVersion, "signaturesAtMs">,
  { maxAgeDays, allowUndated }: FreshnessRule,
  nowMs: number,
): string | undefined {
  if (signaturesAtMs === null) {
    return allowUndated
      ? undefined
      : "the virus signatures don't say when they are from; install official ones";
  }
  const ageDays = (nowMs - signaturesAtMs) / DAY_MS;
  if (ageDays <= maxAgeDays) return undefined;
  return `the virus signatures are ${Math.floor(ageDays)} days old, ${maxAgeDays} are allowed; update them (freshclam)`;
}
