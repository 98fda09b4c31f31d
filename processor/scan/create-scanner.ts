import type { Config } from "../config.ts";
import { BothScanners } from "./both-scanners.ts";
import { ClamdScanner } from "./clamd-scanner.ts";
import { FreshScanner } from "./fresh-scanner.ts";
import type { Scanner } from "./scanner.ts";
import { VirusTotalScanner } from "./virustotal-scanner.ts";

const POLL_MS = 15_000;

export interface Scanners {
  /** For scans and verdicts. */
  readonly scanner: Scanner;
  /** The part that has to be there while a file is streamed to it: of which one may die. */
  readonly local: Pick<Scanner, "version">;
}

/** What the configuration names (VIRUS_SCAN_PROVIDER). */
export function createScanners(config: Config): Scanners {
  const rule = {
    maxAgeDays: config.SIGNATURES_MAX_AGE_DAYS,
    allowUndated: config.ALLOW_UNDATED_SIGNATURES,
  };
  const clamd = new ClamdScanner({ host: config.CLAMAV_HOST, port: config.CLAMAV_PORT });
  const fresh = new FreshScanner(clamd, rule);
  const { VIRUSTOTAL_API_KEY: apiKey } = config;
  if (config.VIRUS_SCAN_PROVIDER === "clamav" || apiKey === undefined)
    return { scanner: fresh, local: clamd };
  const elsewhere = new VirusTotalScanner({
    ...{ apiKey, baseUrl: config.VIRUSTOTAL_BASE_URL, maxAgeDays: rule.maxAgeDays, pollMs: POLL_MS },
    requestsPerMinute: config.VIRUSTOTAL_REQUESTS_PER_MINUTE,
  });
  if (config.VIRUS_SCAN_PROVIDER === "virustotal") return { scanner: elsewhere, local: elsewhere };
  return { scanner: new BothScanners(fresh, elsewhere), local: clamd };
}
