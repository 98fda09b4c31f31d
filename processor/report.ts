import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "#contract/errors.ts";
import { REPORT_SIGNATURE_HEADER, REPORTS_PATH, type Report, signReport } from "#contract/reports.ts";
import { ProcessorFailure } from "./failure.ts";

/** What became of a report: taken, or about a version that isn't there any more or has other bytes. */
export type ReportOutcome = "accepted" | "obsolete";

export interface ReporterOptions {
  readonly workerUrl: string;
  readonly secret: string;
}

/** Waits between attempts; the worker takes a report twice as it does once. */
const RETRY_DELAYS_MS = [200, 1_000, 4_000];
const DEADLINE_MS = 10_000;

/** Tells the worker what was found, signed with the shared secret. */
export class Reporter {
  readonly #url: URL;
  readonly #secret: string;

  constructor({ workerUrl, secret }: ReporterOptions) {
    this.#url = new URL(REPORTS_PATH, workerUrl);
    this.#secret = secret;
  }

  /** Sends a report, again after a failure that may pass. Throws WORKER_UNAVAILABLE. */
  async send(report: Report, signal: AbortSignal): Promise<ReportOutcome> {
    for (const delayMs of RETRY_DELAYS_MS) {
      const outcome = await this.#attempt(report, signal);
      if (outcome !== "failed") return outcome;
      await sleep(delayMs, undefined, { signal });
    }
    return this.sendOnce(report, signal);
  }

  /** Sends a report that a newer one will replace, e.g. a heartbeat. Throws WORKER_UNAVAILABLE. */
  async sendOnce(report: Report, signal: AbortSignal): Promise<ReportOutcome> {
    const response = await this.#post(report, signal).catch((cause: unknown) => {
      throw new ProcessorFailure("WORKER_UNAVAILABLE", { detail: `sending a ${report.kind} report`, cause });
    });
    return readOutcome(response, report.kind);
  }

  async #attempt(report: Report, signal: AbortSignal): Promise<ReportOutcome | "failed"> {
    const response = await this.#post(report, signal).catch(() => undefined);
    if (response === undefined || response.status === 429 || response.status >= 500) {
      await response?.body?.cancel();
      return "failed";
    }
    return readOutcome(response, report.kind);
  }

  /** Signed anew each time: a signature is good for minutes. */
  async #post(report: Report, signal: AbortSignal): Promise<Response> {
    const body = JSON.stringify(report);
    return fetch(this.#url, {
      method: "POST",
      body,
      headers: {
        "Content-Type": "application/json",
        [REPORT_SIGNATURE_HEADER]: await signReport(this.#secret, body, Date.now()),
      },
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    });
  }
}

async function readOutcome(response: Response, kind: Report["kind"]): Promise<ReportOutcome> {
  if (response.ok) {
    await response.body?.cancel();
    return "accepted";
  }
  const code = await readProblemCode(response);
  if (isObsolete(response.status, code)) return "obsolete";
  throw new ProcessorFailure("WORKER_UNAVAILABLE", {
    detail: `a ${kind} report was answered ${response.status} ${code ?? "without a problem document"}`,
  });
}

/** A 404 that isn't the worker's own word on the file is a wrong URL, and must not use jobs up. */
function isObsolete(status: number, code: string | undefined): boolean {
  if (status === 409) return code === "REPORT_REFUSED";
  return status === 404 && code !== undefined && code !== "ROUTE_NOT_FOUND";
}

async function readProblemCode(response: Response): Promise<string | undefined> {
  const body: unknown = await response.json().catch(() => undefined);
  return Problem.safeParse(body).data?.code;
}
