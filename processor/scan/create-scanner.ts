import type { Config } from "../config.ts";
import { BothScanners } from "./both-scanners.ts";
import { ClamdScanner } from "./clamd-scanner.ts";
import { FreshScanner } from "./fresh-scanner.ts";
import { ScannerChoice } from "./scanner-choice.ts";
import type { Scanner } from "./scanner.ts";
import { VirusTotalScanner } from "./virustotal-scanner.ts";

const POLL_MS = 15_000;

export interface Scanners {
  /** For scans and verdicts. */
  readonly scanners: ScannerChoice;
  /** The part that has to be there while a file is streamed to it: of which one may die. */
  readonly local: Pick<Scanner, "version">;
}

/**
 * What the configuration names (VIRUS_SCAN_PROVIDER), and what tenants may choose beside it: VirusTotal where there is a key
 * for it, and clamd where the configuration doesn't do without.
 */
export function createScanners(config: Config): Scanners {
  const rule = {
    maxAgeDays: config.SIGNATURES_MAX_AGE_DAYS,
    allowUndated: config.ALLOW_UNDATED_SIGNATURES,
  };
  const clamd = new ClamdScanner({ host: config.CLAMAV_HOST, port: config.CLAMAV_PORT });
  const clamav = new FreshScanner(clamd, rule);
  const { VIRUS_SCAN_PROVIDER: provider, VIRUSTOTAL_API_KEY: apiKey } = config;
  if (apiKey === undefined) return { scanners: new ScannerChoice({ clamav }, clamav), local: clamd };
  const virustotal = new VirusTotalScanner({
    ...{ apiKey, baseUrl: config.VIRUSTOTAL_BASE_URL, maxAgeDays: rule.maxAgeDays, pollMs: POLL_MS },
    requestsPerMinute: config.VIRUSTOTAL_REQUESTS_PER_MINUTE,
  });
  if (provider === "virustotal") {
    return { scanners: new ScannerChoice({ virustotal }, virustotal), local: virustotal };
  }
  const all = { clamav, virustotal, both: new BothScanners(clamav, virustotal) };
  return { scanners: new ScannerChoice(all, all[provider]), local: clamd };
}
