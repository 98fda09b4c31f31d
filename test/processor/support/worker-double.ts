import {
  REPORT_SIGNATURE_HEADER,
  REPORTS_PATH,
  Report,
  type Standing,
  type VerdictReport,
  verifyReport,
} from "#contract/reports.ts";
import { NO_WISHES } from "#contract/wishes.ts";
import { type Answer, Changes, startHttpDouble } from "./http-double.ts";

export const REPORT_SECRET = "report-secret-for-tests-0123456789";

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

export interface WorkerDouble {
  readonly url: string;
  readonly reports: Report[];
  readonly changes: Changes;
  /** How every version stands when a job about it starts. */
  readonly standing: Writable<Standing>;
  /** Answers to come, in order; when there are none, reports are taken. `cut` closes the connection. */
  readonly answers: (Answer | "cut")[];
  verdicts(): VerdictReport[];
  stop(): Promise<void>;
}

/** The worker's side of a report: checks signature and schema as the worker does, and remembers. */
export async function startWorkerDouble(): Promise<WorkerDouble> {
  const reports: Report[] = [];
  const answers: (Answer | "cut")[] = [];
  const changes = new Changes();
  const standing: Standing = {
    state: "quarantined",
    sniffedType: null,
    derivatives: [],
    givenUp: [],
    wishes: NO_WISHES,
  };
  const server = await startHttpDouble(async ({ path, headers, body }) => {
    const signature = String(headers[REPORT_SIGNATURE_HEADER]);
    if (path !== REPORTS_PATH || !(await verifyReport(REPORT_SECRET, body, signature, Date.now()))) {
      return { status: 401, body: problem(401, "TOKEN_INVALID") };
    }
    const report = Report.parse(JSON.parse(body));
    // What was asked for and not found out isn't remembered: tests are about what the processor says.
    if (report.kind === "start") return { status: 200, body: standing };
    reports.push(report);
    const answer = answers.shift() ?? answerTo(report);
    changes.notify();
    return answer === "cut" ? undefined : answer;
  });
  return {
    ...{ url: server.url, reports, changes, answers, standing },
    verdicts: () => reports.filter((report) => report.kind === "verdict"),
    stop: () => server.stop(),
  };
}

/** As the worker answers a report that it takes. */
function answerTo(report: Report): Answer {
  if (report.kind !== "verdict") return { status: 204 };
  const { verdict: state, sniffedType } = report;
  return {
    status: 200,
    body: { state, sniffedType, derivatives: [], givenUp: [], wishes: NO_WISHES } satisfies Standing,
  };
}

export function problem(status: number, code: string): object {
  return { type: "about:blank", title: code, status, code };
}
