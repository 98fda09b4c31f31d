import {
  REPORT_SIGNATURE_HEADER,
  REPORTS_PATH,
  Report,
  type VerdictReport,
  verifyReport,
} from "#contract/reports.ts";
import { type Answer, Changes, startHttpDouble } from "./http-double.ts";

export const REPORT_SECRET = "report-secret-for-tests-0123456789";

export interface WorkerDouble {
  readonly url: string;
  readonly reports: Report[];
  readonly changes: Changes;
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
  const server = await startHttpDouble(async ({ path, headers, body }) => {
    const signature = String(headers[REPORT_SIGNATURE_HEADER]);
    if (path !== REPORTS_PATH || !(await verifyReport(REPORT_SECRET, body, signature, Date.now()))) {
      return { status: 401, body: problem(401, "TOKEN_INVALID") };
    }
    reports.push(Report.parse(JSON.parse(body)));
    const answer = answers.shift() ?? { status: 204 };
    changes.notify();
    return answer === "cut" ? undefined : answer;
  });
  return {
    ...{ url: server.url, reports, changes, answers },
    verdicts: () => reports.filter((report) => report.kind === "verdict"),
    stop: () => server.stop(),
  };
}

export function problem(status: number, code: string): object {
  return { type: "about:blank", title: code, status, code };
}
