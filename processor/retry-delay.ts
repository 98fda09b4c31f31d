import { codeOf } from "./failure.ts";
import { ScannerCrash } from "./scan/scanner.ts";

const RETRY_BASE_SECONDS = 5;
const RETRY_MAX_SECONDS = 900;
/** A place in a line is free in a while; nobody gains by a quarter of an hour. */
const LANE_FULL_MAX_SECONDS = 120;
const SCANNER_RETRY_SECONDS = 5;
const INSTALLING_RETRY_SECONDS = 15;

/**
 * Seconds before the next delivery: 5, 10, 20, … up to a quarter of an hour, by the deliveries so far; by the crashes so
 * far where the scanner died of it; always the same where nothing of the job's own is in the way.
 * @param isOwnFault false where a scanner is away for all
 */
export function chooseRetryDelay(error: unknown, attempts: number, isOwnFault: boolean): number {
  if (error instanceof ScannerCrash) return grow(error.crashes, RETRY_MAX_SECONDS);
  const code = codeOf(error);
  if (code === "SCANNER_UNAVAILABLE" && !isOwnFault) return SCANNER_RETRY_SECONDS;
  if (code === "TOOL_INSTALLING") return INSTALLING_RETRY_SECONDS;
  return grow(attempts, code === "LANE_FULL" ? LANE_FULL_MAX_SECONDS : RETRY_MAX_SECONDS);
}

function grow(times: number, maxSeconds: number): number {
  const exponent = Math.min(Math.max(times - 1, 0), 20);
  return Math.min(RETRY_BASE_SECONDS * 2 ** exponent, maxSeconds);
}
