import type { FileVersionRef } from "#contract/ids.ts";
import type { LiveFact } from "#contract/live.ts";
import type { CopyReport } from "#contract/replicas.ts";
import type { DerivativeReport, MissingDerivativeReport, Standing } from "#contract/reports.ts";

/** What is told of reports that changed something. Told twice, they may be told of twice. */

/** Tells whom it concerns what has happened to a version. Nobody waits for it. */
export type Tell = (ref: FileVersionRef, fact: LiveFact) => void;

const VERDICT_FACTS = {
  clean: "file.ready",
  infected: "file.infected",
  unscannable: "file.unscannable",
} as const;

function versionOf({ fileId, version }: FileVersionRef): Pick<FileVersionRef, "fileId" | "version"> {
  return { fileId, version };
}

/** Tells how a version stands since a verdict, if that is otherwise than before; returns it. */
export function tellVerdict(
  tell: Tell,
  ref: FileVersionRef,
  before: Pick<Standing, "state">,
  after: Standing,
): Standing {
  const { state } = after;
  if (state !== before.state && state !== "quarantined") {
    tell(ref, { type: VERDICT_FACTS[state], data: versionOf(ref) });
  }
  return after;
}

/** A derivative is there, or it is known why it isn't. */
export function tellDerived(tell: Tell, report: DerivativeReport | MissingDerivativeReport): void {
  tell(report, { type: "file.derived", data: { ...versionOf(report), derivative: report.name } });
}

export function tellCopied(tell: Tell, report: CopyReport): void {
  if (report.outcome.state === "released") return;
  tell(report, { type: "file.copied", data: { ...versionOf(report), target: report.target } });
}

export function tellUpdated(tell: Tell, { fileId, ...ref }: FileVersionRef): void {
  tell({ fileId, ...ref }, { type: "file.updated", data: { fileId } });
}
