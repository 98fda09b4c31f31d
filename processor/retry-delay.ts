import { codeOf, ProcessorFailure } from "./failure.ts";
import { isOutage } from "./outage.ts";
import { ScannerCrash } from "./scan/scanner.ts";

const RETRY_BASE_SECONDS = 5;
const RETRY_MAX_SECONDS = 900;
/** So that the deliveries of a job last as long as a queue keeps it: 95 of them for 88 hours. */
const OUTAGE_MAX_SECONDS = 3_600;
const SCANNER_RETRY_SECONDS = 5;
/** Jobs have an end; nobody gains by a quarter of an hour. */
const SCRATCH_FULL_MAX_SECONDS = 300;
const INSTALLING_RETRY_SECONDS = 15;
const INSTALLING_MAX_SECONDS = 300;
/** Deliveries after which it takes longer than it commonly does: they must not be used up by it. */
const INSTALLING_SOON = 10;

/**
 * Seconds before the next delivery: 5, 10, 20, … up to a quarter of an hour (an hour where it is nobody's fault), by the deliveries so far; by the crashes so
 * far where the scanner died of it; what the failure says where it knows; always the same where nothing of the job's own is
 * in the way.
 * @param isOwnFault false where what all need is away
 */
export function chooseRetryDelay(error: unknown, attempts: number, isOwnFault: boolean): number {
  if (error instanceof ScannerCrash) return grow(error.crashes, RETRY_MAX_SECONDS);
  const code = codeOf(error);
  if (code === "SCANNER_UNAVAILABLE" && !isOwnFault) return SCANNER_RETRY_SECONDS;
  if (code === "TOOL_INSTALLING") {
    return Math.max(grow(attempts - INSTALLING_SOON, INSTALLING_MAX_SECONDS), INSTALLING_RETRY_SECONDS);
  }
  if (code === "SCRATCH_FULL") return grow(attempts, SCRATCH_FULL_MAX_SECONDS);
  if (error instanceof ProcessorFailure && error.retryAfterSeconds !== undefined) {
    return Math.max(Math.ceil(error.retryAfterSeconds), RETRY_BASE_SECONDS);
  }
  return grow(attempts, !isOwnFault && isOutage(error) ? OUTAGE_MAX_SECONDS : RETRY_MAX_SECONDS);
}

function grow(times: number, maxSeconds: number): number {
  const exponent = Math.min(Math.max(times - 1, 0), 20);
  return Math.min(RETRY_BASE_SECONDS * 2 ** exponent, maxSeconds);
}
