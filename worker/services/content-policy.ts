import { ACTIVE_SIGNATURE, activeSignatureOf } from "#contract/active-content.ts";
import type { VerdictReport } from "#contract/reports.ts";
import type { ActiveContentPolicy } from "#contract/wishes.ts";

/** A verdict as it stands by the tenant's policy: what is clean, and has in it what the tenant refuses, is blocked. */
export function judgeByPolicy(report: VerdictReport, policy: ActiveContentPolicy): VerdictReport {
  if (report.verdict !== "clean" || policy !== "refuse") return report;
  const signatureName = activeSignatureOf(report.active);
  return signatureName === undefined ? report : { ...report, verdict: "unscannable", signatureName };
}

/** Whether it is the tenant's policy by which a verdict blocks. */
export function isByPolicy({ signatureName }: Pick<VerdictReport, "signatureName">): boolean {
  return signatureName?.startsWith(ACTIVE_SIGNATURE) === true;
}
