import { totalsOf } from "../../core/totals.ts";
import type { UploadMeta, UploadState } from "../../core/types.ts";
import type { Upload } from "../../core/upload.ts";
import type { Check, Checks, Settled } from "./checks.ts";

/** Many uploads in a few figures. */
export interface Summary {
  readonly files: number;
  readonly uploaded: number;
  /** Known to the server by now, however they ended. */
  readonly begun: number;
  /** On their way, or waiting to be: what leaving the page would stop. */
  readonly running: number;
  readonly paused: number;
  readonly sentBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number | undefined;
  /** Until what runs and what waits is sent. */
  readonly secondsLeft: number | undefined;
  /** Of what runs and what waits. */
  readonly leftFiles: number;
  readonly leftBytes: number;
}

type Kind = UploadState["kind"];

const RUNNING: ReadonlySet<Kind> = new Set(["waiting", "hashing", "uploading", "offline", "retrying"]);
/** Nothing is to be sent of them, or not yet. */
const UNCOUNTED: ReadonlySet<Kind> = new Set(["refused", "aborted", "duplicate"]);

export const isRunning = ({ state }: Upload): boolean => RUNNING.has(state.kind);
export const isDuplicate = ({ state }: Upload): boolean => state.kind === "duplicate";
export const isStopped = ({ state }: Upload): boolean => state.kind === "paused" || state.kind === "failed";

/** Whether it isn't taken for want of room, which may be there later. */
export function isWithoutRoom({ state }: Upload): boolean {
  const isOut = state.kind === "failed" || state.kind === "refused";
  return isOut && state.problem.code === "QUOTA_EXCEEDED";
}

/** What has become of uploads that are no longer on their way. */
export interface Outcomes {
  readonly ready: number;
  readonly checking: number;
  /** The files are there, and how they stand couldn't be asked. */
  readonly unknown: number;
  readonly blocked: number;
  readonly refused: number;
  readonly elsewhere: number;
  readonly cancelled: number;
  readonly deleted: number;
}

function outcomeOf({ state }: Upload, check: Check | undefined): keyof Outcomes | undefined {
  const { kind } = state;
  if (kind !== "uploaded") return ENDS[kind];
  if (check?.kind === "unknown") return "unknown";
  return check?.kind === "settled" ? OUTCOMES[check.file.state] : "checking";
}

/** How those end that aren't uploaded here. */
const ENDS: Readonly<Partial<Record<Kind, keyof Outcomes>>> = {
  refused: "refused",
  elsewhere: "elsewhere",
  aborted: "cancelled",
  verifying: "checking",
};

const OUTCOMES: Readonly<Record<Settled["state"], keyof Outcomes>> = {
  uploading: "checking",
  quarantined: "checking",
  clean: "ready",
  infected: "blocked",
  unscannable: "blocked",
  deleted: "deleted",
};

export function outcomesOf(uploads: Iterable<Upload>, checks: Checks): Outcomes {
  const counts = { ready: 0, checking: 0, unknown: 0, blocked: 0 };
  const outcomes = { ...counts, refused: 0, elsewhere: 0, cancelled: 0, deleted: 0 };
  for (const upload of uploads) {
    const outcome = outcomeOf(upload, checks.of(upload));
    if (outcome !== undefined) outcomes[outcome] += 1;
  }
  return outcomes;
}

const OUTCOMES_IN_ORDER: readonly (keyof Outcomes)[] = [
  ...(["ready", "checking", "unknown", "blocked", "refused"] as const),
  ...(["elsewhere", "cancelled", "deleted"] as const),
];

/** Those that there are, in the order in which they are told. */
export function outcomesIn(outcomes: Outcomes): readonly (keyof Outcomes)[] {
  return OUTCOMES_IN_ORDER.filter((each) => outcomes[each] > 0);
}

/** How many have ended for good. */
export function overOf({ checking: _checking, elsewhere: _elsewhere, ...over }: Outcomes): number {
  return Object.values(over).reduce((sum, count) => sum + count, 0);
}

/** Whether nothing more will happen to it, however it has ended. */
export function isOver(upload: Upload, checks: Checks): boolean {
  const outcome = outcomeOf(upload, checks.of(upload));
  return outcome !== undefined && outcome !== "checking" && outcome !== "elsewhere";
}

/** Whether all of it is at the server: a file by now, which nobody cancels any more. */
export const hasArrived = ({ state }: Upload): boolean =>
  state.kind === "uploaded" || state.kind === "verifying";

/** Whether nothing more will happen to it, and nobody has to see to it. */
export function isFinished(upload: Upload, checks: Checks): boolean {
  return upload.state.kind === "aborted" || isReady(upload, checks);
}

/** Whether it has passed its check. */
export function isReady(upload: Upload, checks: Checks): boolean {
  const check = checks.of(upload);
  return upload.state.kind === "uploaded" && check?.kind === "settled" && check.file.state === "clean";
}

/** Whether somebody has to see to it. */
export function needsAttention(upload: Upload, checks: Checks): boolean {
  const { kind } = upload.state;
  if (kind === "failed" || kind === "refused" || kind === "duplicate") return true;
  return isBlocked(upload, checks);
}

/** Whether its check has blocked it. */
export function isBlocked(upload: Upload, checks: Checks): boolean {
  const check = checks.of(upload);
  if (upload.state.kind !== "uploaded" || check?.kind !== "settled") return false;
  return check.file.state === "infected" || check.file.state === "unscannable";
}

/** Of fewer, none hides another: they stay in the order of adding. */
const MANY = 8;

/** What somebody has to see to comes first, and of many what has arrived last. */
export function inOrder(uploads: readonly Upload[], checks: Checks): readonly Upload[] {
  const [urgent, onTheirWay, arrived]: [Upload[], Upload[], Upload[]] = [[], [], []];
  for (const upload of uploads) {
    if (needsAttention(upload, checks)) urgent.push(upload);
    else if (uploads.length > MANY && hasArrived(upload)) arrived.push(upload);
    else onTheirWay.push(upload);
  }
  return [...urgent, ...onTheirWay, ...arrived];
}

/** The uploads of one place: those that belong to the same record, or that replace the same file. */
export function uploadsOf(uploads: readonly Upload[], meta: UploadMeta): readonly Upload[] {
  return uploads.filter(
    ({ meta: each }) =>
      each.entityType === meta.entityType &&
      each.entityId === meta.entityId &&
      each.replaces === meta.replaces,
  );
}

/** As the client's totals are, with what a list needs beside. What is paused, or has failed, isn't left to be sent. */
export function summarize(uploads: readonly Upload[]): Summary {
  const { sentBytes, totalBytes, bytesPerSecond, secondsLeft, done } = totalsOf(uploads);
  const left = totalsOf(uploads.filter((upload) => !isStopped(upload)));
  return {
    files: uploads.filter(({ state }) => !UNCOUNTED.has(state.kind)).length,
    uploaded: done,
    begun: uploads.filter(({ id }) => id !== undefined).length,
    running: uploads.filter(isRunning).length,
    paused: uploads.filter(isStopped).length,
    ...{ sentBytes, totalBytes, bytesPerSecond, secondsLeft },
    leftFiles: left.running + left.waiting,
    leftBytes: left.totalBytes - left.sentBytes,
  };
}
