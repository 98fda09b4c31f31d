import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import { Problem } from "#contract/errors.ts";
import { MissingObjectAnswer, type MissingObjectReport } from "#contract/repairs.ts";
import {
  type CopiesStartReport,
  CopyTask,
  HeartbeatAnswer,
  type RemovalsStartReport,
  RemovalTask,
  type ReplicaLag,
} from "#contract/replicas.ts";
import {
  type HeartbeatReport,
  REPORT_SIGNATURE_HEADER,
  REPORTS_PATH,
  type Report,
  Standing,
  type StartReport,
  signReport,
  type VerdictReport,
} from "#contract/reports.ts";
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
/** What a report takes at most, with all its attempts: 45.2 s. */
export const REPORT_SECONDS =
  (RETRY_DELAYS_MS.reduce((sum, delayMs) => sum + delayMs, 0) + (RETRY_DELAYS_MS.length + 1) * DEADLINE_MS) /
  1000;

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
    return (await this.#deliver(report, signal)).outcome;
  }

  /**
   * Sends a report about a version and returns how that stands after it, or undefined where the worker has no use for
   * it any more. Throws WORKER_UNAVAILABLE.
   */
  async ask(report: StartReport | VerdictReport, signal: AbortSignal): Promise<Standing | undefined> {
    const { outcome, body } = await this.#deliver(report, signal);
    if (outcome === "obsolete") return undefined;
    return parseAnswer(Standing, body, report.kind);
  }

  /** What is to be copied of a version now; undefined where it has no copies any more. Throws WORKER_UNAVAILABLE. */
  async startCopies(report: CopiesStartReport, signal: AbortSignal): Promise<CopyTask | undefined> {
    const { outcome, body } = await this.#deliver(report, signal);
    return outcome === "obsolete" ? undefined : parseAnswer(CopyTask, body, report.kind);
  }

  /** Whether what the primary lacks is being made again of a copy. Throws WORKER_UNAVAILABLE. */
  async askForRepair(report: MissingObjectReport, signal: AbortSignal): Promise<boolean> {
    const { outcome, body } = await this.#deliver(report, signal);
    return outcome !== "obsolete" && parseAnswer(MissingObjectAnswer, body, report.kind).isBeingRepaired;
  }

  /** What is to be removed at targets now. Throws WORKER_UNAVAILABLE. */
  async startRemovals(report: RemovalsStartReport, signal: AbortSignal): Promise<RemovalTask> {
    const { body } = await this.#deliver(report, signal);
    return parseAnswer(RemovalTask, body, report.kind);
  }

  /** Tells that the processor lives, once: the next replaces it. Throws WORKER_UNAVAILABLE. */
  async beat(report: HeartbeatReport, signal: AbortSignal): Promise<readonly ReplicaLag[]> {
    const { body } = await this.#deliverOnce(report, signal);
    return HeartbeatAnswer.safeParse(body).data?.replicas ?? [];
  }

  async #deliver(report: Report, signal: AbortSignal): Promise<Answer> {
    for (const delayMs of RETRY_DELAYS_MS) {
      const answer = await this.#attempt(report, signal);
      if (answer !== undefined) return answer;
      await sleep(delayMs, undefined, { signal });
    }
    return this.#deliverOnce(report, signal);
  }

  async #deliverOnce(report: Report, signal: AbortSignal): Promise<Answer> {
    const response = await this.#post(report, signal).catch((cause: unknown) => {
      throw new ProcessorFailure("WORKER_UNAVAILABLE", { detail: `sending a ${report.kind} report`, cause });
    });
    return readAnswer(response, report.kind);
  }

  /** Undefined after a failure that may pass. */
  async #attempt(report: Report, signal: AbortSignal): Promise<Answer | undefined> {
    const response = await this.#post(report, signal).catch(() => undefined);
    if (response === undefined || response.status === 429 || response.status >= 500) {
      await response?.body?.cancel();
      return undefined;
    }
    return readAnswer(response, report.kind);
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

function parseAnswer<T extends z.ZodType>(schema: T, body: unknown, kind: Report["kind"]): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const detail = `a ${kind} report was answered with something else than it asks for`;
  throw new ProcessorFailure("WORKER_UNAVAILABLE", { detail });
}

interface Answer {
  readonly outcome: ReportOutcome;
  /** Parsed JSON; undefined where there was none. */
  readonly body?: unknown;
}

async function readAnswer(response: Response, kind: Report["kind"]): Promise<Answer> {
  if (response.ok) {
    const text = await response.text();
    return { outcome: "accepted", body: text === "" ? undefined : JSON.parse(text) };
  }
  const code = await readProblemCode(response);
  if (isObsolete(response.status, code)) return { outcome: "obsolete" };
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
