import type { FailedJob } from "#contract/failed-jobs.ts";
import type { BlockedState, BlockedVersion } from "#contract/quarantine.ts";
import type { Rescan } from "#contract/rescans.ts";

/** When signatures are from, where their version says so. */
export interface Signatures {
  readonly name: string;
  readonly date: Date | undefined;
}

export interface QuarantineTexts {
  readonly hint: string;
  readonly list: string;
  readonly filter: string;
  readonly filters: Readonly<Record<BlockedState | "all", string>>;
  readonly empty: string;
  readonly emptyHint: string;
  readonly noMatch: string;
  /** Why it is blocked. */
  reason(version: BlockedVersion): string;
  readonly foundLater: string;
  notCurrent(version: number): string;
  uploadedBy(name: string): string;
  readonly attachedTo: string;
  readonly notAttached: string;
  found(when: string): string;
  checkedBy(engine: string, signatures: Signatures | undefined): string;
  purges(when: string): string;
  readonly release: string;
  readonly delete: string;
  actionOn(action: string, filename: string): string;
  releaseTitle(filename: string): string;
  readonly releaseMeaning: string;
  readonly reasonLabel: string;
  readonly reasonHint: string;
  /** @param characters how many it has at least */
  reasonMissing(characters: number): string;
  readonly cancel: string;
  released(filename: string): string;
  deleteTitle(filename: string): string;
  readonly deleteWarning: string;
  deleted(filename: string): string;
  notDone(filename: string, why: string): string;
  /** Beside the menu's word, for screen readers. @param count its number, as it is shown */
  waiting(count: string): string;
  select(filename: string): string;
  selectAll(count: number): string;
  deleteMany(count: number): string;
  deleteManyTitle(count: number): string;
  readonly deleteManyWarning: string;
  deletedMany(count: number): string;
  notAllDeleted(deleted: number, of: number, why: string): string;
  /** Where no scanner knows any malware. */
  readonly testSignatures: string;
  readonly releasedTitle: string;
  readonly releasedHint: string;
  /** In place of the name of a file that was deleted for good. */
  readonly releasedGone: string;
  foundBefore(signatureName: string | undefined, isInfected: boolean): string;
  releasedBy(name: string, when: string): string;
  ofVersion(version: number): string;
}

export interface RescanTexts {
  readonly title: string;
  readonly hint: string;
  readonly start: string;
  readonly started: string;
  /** What it is, in a line. */
  about(rescan: Rescan): string;
  progress(rescan: Rescan): string;
  readonly progressLabel: string;
  findings(rescan: Rescan): string;
  ended(rescan: Rescan, when: string): string;
  readonly pause: string;
  readonly resume: string;
  readonly cancel: string;
  readonly never: string;
  failed(why: string): string;
}

export interface FailedJobsTexts {
  readonly hint: string;
  readonly list: string;
  readonly empty: string;
  readonly emptyHint: string;
  /** What its file has to do without. */
  what(job: FailedJob): string;
  why(job: FailedJob): string;
  attempts(count: number): string;
  failedAt(when: string): string;
  readonly retry: string;
  readonly retryAll: string;
  retryOf(filename: string): string;
  retried(filename: string): string;
  retriedAll(retried: number, left: number): string;
  notDone(why: string): string;
}

/** Of the pages for a tenant's admins. */
export interface AdminTexts {
  readonly membersOnly: string;
  readonly membersHint: string;
  /** A day and its time. */
  moment(date: Date, nowMs: number): string;
  readonly loading: string;
  failed(why: string): string;
  readonly more: string;
  readonly retry: string;
  readonly quarantine: QuarantineTexts;
  readonly rescans: RescanTexts;
  readonly failedJobs: FailedJobsTexts;
}
