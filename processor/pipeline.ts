import type { Job, ProcessJob } from "#contract/jobs.ts";
import type { Standing, VerdictReport } from "#contract/reports.ts";
import type { Verdict } from "#contract/version-states.ts";
import type { Wishes } from "#contract/wishes.ts";
import { type ContentLook, isLookedInto, type Look } from "./content/content-look.ts";
import { type DeathGuard, PROCESSOR_CRASHED } from "./death-guard.ts";
import type { Derivatives } from "./derive/derivatives.ts";
import { EarlyDerivation } from "./derive/early-derivation.ts";
import type { PageImages } from "./derive/page-images.ts";
import { ProcessorFailure } from "./failure.ts";
import { hashUnread, type Inspection, inspectObject } from "./inspect.ts";
import type { Lanes } from "./lanes.ts";
import type { Metrics } from "./metrics.ts";
import type { ObjectStore } from "./object-store.ts";
import { nameBytes } from "./queue.ts";
import type { Replicator } from "./replicate/copy-jobs.ts";
import type { RepairPrimary } from "./replicate/repair-primary.ts";
import type { Reporter } from "./report.ts";
import type { CrashGuard, OpenScan } from "./scan/crash-guard.ts";
import type { ScannerChoice } from "./scan/scanner-choice.ts";
import type { ScannerVersion, ShareableObject } from "./scan/scanner.ts";
import { SecondLook } from "./second-look.ts";
import { judgeType } from "./types.ts";

/**
 * How a job ended. `repaired`: the primary's object was made again. `obsolete`: its object is gone or replaced, or the worker
 * has no use for it any more.
 */
export type JobOutcome = Verdict | "obsolete" | "copied" | "removed" | "repaired";

export interface PipelineParts {
  readonly store: ObjectStore;
  readonly scanners: ScannerChoice;
  readonly guard: CrashGuard;
  readonly deaths: DeathGuard;
  readonly scanDeadlineMs: number;
  readonly reporter: Reporter;
  readonly secondLook: SecondLook;
  readonly contentLook: ContentLook;
  readonly derivatives: Derivatives;
  readonly pageImages: PageImages;
  readonly replicator: Replicator;
  readonly repairPrimary: Pick<RepairPrimary, "repair">;
  readonly lanes: Lanes;
  readonly metrics: Metrics;
}

/** Does a job of any kind. Throws a ProcessorFailure when it must be tried again. */
export async function handleJob(job: Job, parts: PipelineParts, signal: AbortSignal): Promise<JobOutcome> {
  switch (job.kind) {
    case "process":
      return processJob(job, parts, signal);
    case "page":
      return parts.pageImages.draw(job, signal);
    case "copy":
      return parts.replicator.copy(job, signal);
    case "remove-copies":
      return parts.replicator.remove(signal);
    case "repair":
      return parts.lanes.replica.run(() => parts.repairPrimary.repair(job, signal), signal, job.tenantId);
  }
}

/**
 * The order of things: ask how the version stands, for a job may come twice; read it once through scanner, hash and
 * sniffer, and look a second time at what the scanner calls clean, in a lane of its own where programs do that; report the
 * verdict, which makes a clean version available; only then bring derivatives, only of what is clean, only what isn't there.
 * A picture is drawn meanwhile where there is a hand for it. Throws a ProcessorFailure when the job must be tried again.
 */
export async function processJob(
  job: ProcessJob,
  parts: PipelineParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const early = new EarlyDerivation(parts.derivatives, job, signal);
  try {
    const standing = await check(job, early, parts, signal);
    if (standing === undefined || standing.state === "quarantined") return "obsolete";
    const isOpen = standing.state === "clean" && !(await early.finish(standing));
    if (isOpen) await parts.derivatives.derive(job, standing, signal);
    return standing.state;
  } finally {
    await early.drop();
  }
}

/** How the version stands by all that is known of its bytes; undefined when it is gone or has other bytes. */
async function check(
  job: ProcessJob,
  early: EarlyDerivation,
  parts: PipelineParts,
  signal: AbortSignal,
): Promise<Standing | undefined> {
  const scanned = await parts.lanes.scan.run(() => scan(job, early, parts, signal), signal, job.tenantId);
  if ("standing" in scanned) return scanned.standing;
  // It isn't what it was said to be, and the look needs room for a copy of its own.
  await early.drop();
  return lookInto(job, scanned.pass, parts, signal);
}

/** A pass over an object's bytes, which isn't a verdict yet. */
interface Pass {
  readonly inspection: Inspection;
  readonly wishes: Wishes;
  readonly version: ScannerVersion;
  /** Of all that comes before the verdict, the wait for programs that look into it too: the lease counts on that. */
  readonly deadline: AbortSignal;
}

/** How the version stands, where that can be told without programs; undefined when it is gone or has other bytes. */
type Scanned = { readonly standing: Standing | undefined } | { readonly pass: Pass };

async function scan(
  job: ProcessJob,
  early: EarlyDerivation,
  parts: PipelineParts,
  signal: AbortSignal,
): Promise<Scanned> {
  const { tenantId, fileId, version, etag, sizeBytes } = job;
  const start = { kind: "start", tenantId, fileId, version, etag, sizeBytes } as const;
  const before = await parts.reporter.ask(start, signal);
  const mustScan = before?.state === "quarantined" || before?.mustScan === true;
  if (!mustScan) return { standing: before };
  const work = async (): Promise<Scanned> => {
    if (parts.scanners.isQuick(before.wishes.virusScanProvider)) early.begin(before);
    const pass = await inspect(job, before.wishes, parts, signal);
    if (pass === undefined) {
      if (before.mustScan === true) await requireNoCopy(job, parts, signal);
      return { standing: undefined };
    }
    const needsPrograms = SecondLook.needsProgram(pass.inspection) || isLookedInto(job, pass.inspection);
    return needsPrograms ? { pass } : { standing: await conclude(job, pass, parts, signal) };
  };
  return parts.deaths.run(nameBytes(job), "scan", work, signal);
}

/** What is left to do before the verdict, where programs do it. */
async function lookInto(
  job: ProcessJob,
  pass: Pass,
  parts: PipelineParts,
  signal: AbortSignal,
): Promise<Standing | undefined> {
  const work = () => conclude(job, pass, parts, signal);
  const guarded = () => parts.deaths.run(nameBytes(job), "look", work, pass.deadline);
  return parts.lanes.look.run(guarded, pass.deadline, job.tenantId);
}

/** A copy's readers have what can't be scanned. The queue's next try finds it made again. */
const REPAIR_SECONDS = 30;

/**
 * What only copies have is served on, so it has to be scanned as well: of what the primary lacks. Throws OBJECT_LOST where
 * there is a copy, of which it is being made again: tried as often as any job, and counted as failed after that.
 */
async function requireNoCopy(
  { tenantId, fileId, version, etag, sizeBytes }: ProcessJob,
  { reporter }: PipelineParts,
  signal: AbortSignal,
): Promise<void> {
  const report = { kind: "missing-object", tenantId, fileId, version, etag, sizeBytes } as const;
  const isBeingRepaired = await reporter.askForRepair(report, signal);
  if (isBeingRepaired) throw new ProcessorFailure("OBJECT_LOST", { retryAfterSeconds: REPAIR_SECONDS });
}

/** Undefined when the object is gone or has other bytes. */
async function inspect(
  job: ProcessJob,
  wishes: Wishes,
  parts: PipelineParts,
  signal: AbortSignal,
): Promise<Pass | undefined> {
  const scanner = parts.scanners.find(wishes.virusScanProvider);
  // Asked before the scan: signatures that are renewed meanwhile must not make a verdict look newer than it is.
  const version = await parts.scanners.versionOf(scanner);
  const shareable = wishes.virusTotalUploads ? shareableOf(job, parts.store) : undefined;
  const open: OpenScan = (sizeBytes, deadline) => scanner.open(sizeBytes, deadline, shareable);
  const pass = async (guarded: OpenScan): Promise<Pass | undefined> => {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(parts.scanDeadlineMs)]);
    const inspection = await passOver(job, parts, guarded, deadline);
    return inspection && { inspection, wishes, version, deadline };
  };
  return parts.guard.run(nameBytes(job), open, pass, signal);
}

function shareableOf({ objectKey, etag }: ProcessJob, store: ObjectStore): ShareableObject {
  return { read: async (signal) => (await store.findObject(objectKey, etag, signal))?.body };
}

async function passOver(
  job: ProcessJob,
  { store, metrics, secondLook, deaths }: PipelineParts,
  openScan: OpenScan,
  deadline: AbortSignal,
): Promise<Inspection | undefined> {
  const isGivenUp = deaths.isGivenUp(nameBytes(job));
  // Opened before its end is looked at, which fails where it isn't there.
  const left = new AbortController();
  const object = await store.findObject(job.objectKey, job.etag, AbortSignal.any([deadline, left.signal]));
  if (object === undefined) return undefined;
  try {
    if (isGivenUp) return await hashUnread(object, PROCESSOR_CRASHED, deadline);
    const excess = await secondLook.findExcess(job, deadline);
    const endTimer = metrics.scanSeconds.startTimer();
    const expectations = { declaredType: job.declaredType, digests: job.expectedDigests, excess };
    const seen = await inspectObject(object, openScan, deadline, expectations);
    endTimer();
    metrics.scannedBytes.inc(seen.sizeBytes);
    return judgeType(job, seen);
  } finally {
    left.abort();
  }
}

/** Looks a second time, and reports the verdict: how the version stands by it. Undefined when it is gone or has other bytes. */
async function conclude(
  job: ProcessJob,
  { inspection, wishes: { activeContent }, version, deadline }: Pass,
  { reporter, guard, deaths, metrics, secondLook, contentLook }: PipelineParts,
  signal: AbortSignal,
): Promise<Standing | undefined> {
  const confirmed = await secondLook.confirm(job, inspection, deadline);
  if (confirmed === undefined) return undefined;
  const look = await contentLook.look(job, confirmed, activeContent !== "allow", deadline);
  const standing = await reporter.ask(createVerdictReport(job, look, version), signal);
  guard.forget(nameBytes(job));
  deaths.forget(nameBytes(job));
  metrics.verdicts.inc({ verdict: look.inspection.verdict });
  return standing;
}

function createVerdictReport(
  job: ProcessJob,
  { inspection, active }: Look,
  version: ScannerVersion,
): VerdictReport {
  const { tenantId, fileId, version: fileVersion, etag } = job;
  const { sizeBytes, sha256, sniffedType, verdict, signatureName } = inspection;
  return {
    ...{ kind: "verdict", tenantId, fileId, version: fileVersion, etag },
    ...{ sizeBytes, sha256, sniffedType, verdict, signatureName },
    ...(active === undefined ? {} : { active }),
    ...version,
    scannedAtMs: Date.now(),
  };
}
