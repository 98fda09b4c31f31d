import type { z } from "zod";
import { DERIVATIVE_FORMS } from "#contract/derivatives.ts";
import { AppError, asAppError } from "#contract/errors.ts";
import type { Job } from "#contract/jobs.ts";
import { derivativeKey } from "#contract/keys.ts";
import { isPageImage, PAGE_IMAGE_FORM } from "#contract/page-images.ts";
import type { MissingObjectAnswer } from "#contract/repairs.ts";
import type { CopyTask, HeartbeatAnswer, RemovalTask } from "#contract/replicas.ts";
import type {
  DerivativeReport,
  FailedJobReport,
  HeartbeatReport,
  MissingDerivativeReport,
  PropertiesReport,
  Report,
  Standing,
  StartReport,
  VerdictReport,
} from "#contract/reports.ts";
import { wishesOf } from "#contract/wishes.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { allDatabases, databaseFor } from "../db/database.ts";
import {
  findProgress,
  mergeProperties,
  upsertDerivative,
  upsertMissingDerivative,
} from "../db/derivatives.ts";
import { upsertFailedJob } from "../db/failed-jobs.ts";
import { findVersion } from "../db/files.ts";
import { findPageImage } from "../db/page-images.ts";
import { upsertHeartbeat } from "../db/reports.ts";
import { failRescanJob } from "../db/rescan-verdicts.ts";
import type { ObjectLister, ObjectRemover } from "../storage/object-store.ts";
import { judgeByPolicy } from "./content-policy.ts";
import { applyFirstVerdict } from "./first-verdict.ts";
import type { Tell } from "./live-reports.ts";
import { tellCopied, tellDerived, tellUpdated, tellVerdict } from "./live-reports.ts";
import { removeUnrecorded } from "./object-removals.ts";
import { applyRepair, repairMissing } from "./repairs.ts";
import { applyCopy, applyMismatch, applyRemovals, startCopies, startRemovals } from "./replica-reports.ts";
import { lagsOf } from "./replica-targets.ts";
import { applyRescanVerdict, removeDerivatives } from "./rescan-verdicts.ts";
import { settingsOf } from "./tenants.ts";

/** What reports work with. */
export interface ReportMeans {
  readonly objects: ObjectRemover & ObjectLister;
  readonly announce: (job: Job) => Promise<void>;
  readonly tell: Tell;
}

type ReportAnswer = Standing | CopyTask | RemovalTask | MissingObjectAnswer | z.infer<typeof HeartbeatAnswer>;

/** A processor not heard of for so long is forgotten. */
const FORGET_PROCESSOR_MS = 24 * 3_600_000;

/**
 * Applies a processor's report, whose signature has been verified, and tells how its version stands then. The same
 * report twice changes nothing. Throws `REPORT_REFUSED` when it is about bytes that aren't the version's, and for a
 * heartbeat that isn't newer than the last: else a copy would make a processor look alive that isn't.
 */
export async function applyReport(
  env: DatabaseBindings,
  means: ReportMeans,
  report: Report,
  nowMs: number,
): Promise<ReportAnswer | undefined> {
  const { objects } = means;
  switch (report.kind) {
    case "start":
      return applyStart(env, objects, report);
    case "verdict":
      return applyVerdict(env, means, report, nowMs);
    case "derivative":
      await applyDerivative(env, objects, report, nowMs);
      tellDerived(means.tell, report);
      return undefined;
    case "missing-derivative":
      await applyMissingDerivative(env, report, nowMs);
      tellDerived(means.tell, report);
      return undefined;
    case "properties":
      await applyProperties(env, report);
      tellUpdated(means.tell, report);
      return undefined;
    case "failed-job":
      await applyFailedJob(env, report, nowMs);
      tellUpdated(means.tell, report);
      return undefined;
    case "repair":
      await applyRepair(env, means, report, nowMs);
      return undefined;
    case "missing-object":
      return repairMissing(env, means.announce, report);
    case "heartbeat":
      await applyHeartbeat(env, report, nowMs);
      return { replicas: [...(await lagsOf(env))] };
    case "copies-start":
      return startCopies(env, report, nowMs);
    case "copy":
      await applyCopy(env, report, nowMs);
      tellCopied(means.tell, report);
      return undefined;
    case "copy-mismatch":
      await applyMismatch(env, report, nowMs);
      return undefined;
    case "removals-start":
      return startRemovals(env, report, nowMs);
    case "removals":
      await applyRemovals(env, report, nowMs);
      return undefined;
  }
}

async function applyStart(
  env: DatabaseBindings,
  objects: ReportMeans["objects"],
  report: StartReport,
): Promise<Standing> {
  try {
    return { ...(await standingOf(env, report)), ...(await findPage(env, report)) };
  } catch (error) {
    if (asAppError(error).code === "REPORT_REFUSED") await removeUnrecorded(env, objects, report);
    throw error;
  }
}

async function standingOf(
  env: DatabaseBindings,
  report: StartReport | VerdictReport | FailedJobReport,
): Promise<Standing> {
  const db = databaseFor(env, report.tenantId);
  const [version, progress, settings] = await Promise.all([
    findVersion(db, report),
    findProgress(db, report),
    settingsOf(env, report.tenantId),
  ]);
  const fits = version?.etag === report.etag && version.sizeBytes === report.sizeBytes;
  if (!fits || version.state === "uploading") {
    throw new AppError("REPORT_REFUSED", { detail: "No version has these bytes." });
  }
  const { state, sniffedType } = version;
  const { made, givenUp, isRescanAwaited } = progress;
  const mustScan = state === "clean" && isRescanAwaited;
  return {
    ...{ state, sniffedType, derivatives: [...made], givenUp: [...givenUp] },
    ...(mustScan ? { mustScan } : {}),
    wishes: wishesOf(settings),
  };
}

/** A page may have been asked for twice, when its job stood in a long line. */
async function findPage(env: DatabaseBindings, report: StartReport): Promise<Pick<Standing, "hasPage">> {
  if (report.page === undefined) return {};
  const { image } = await findPageImage(databaseFor(env, report.tenantId), report, report.page);
  return { hasPage: image !== undefined && image.sizeBytes > 0 };
}

/** One that nobody waits for changes nothing. */
async function applyVerdict(
  env: DatabaseBindings,
  means: ReportMeans,
  told: VerdictReport,
  nowMs: number,
): Promise<Standing> {
  const { objects, announce } = means;
  const before = await standingOf(env, told);
  const report = judgeByPolicy(told, before.wishes.activeContent);
  switch (before.state) {
    case "quarantined":
      await applyFirstVerdict(env, announce, report, nowMs);
      return tellVerdict(means.tell, report, before, await standingOf(env, report));
    case "clean":
      if (before.mustScan !== true) return before;
      await applyRescanVerdict(env, objects, report, nowMs);
      return tellVerdict(means.tell, report, before, await standingOf(env, report));
    case "infected":
    case "unscannable":
      // Told again after it was found later, and what was made of it could not be removed.
      if (before.derivatives.length > 0) await removeDerivatives(env, objects, report);
      return before;
  }
}

/**
 * A derivative of what is no longer clean, or was removed while it was made, is removed too: it was stored before its
 * report was sent, and nobody else would find it.
 */
async function applyDerivative(
  env: DatabaseBindings,
  objects: ObjectRemover,
  report: DerivativeReport,
  nowMs: number,
): Promise<void> {
  const { name, objectKey, mimeType, sizeBytes } = report;
  const db = databaseFor(env, report.tenantId);
  const version = await findVersion(db, report);
  const forms = isPageImage(name) ? [PAGE_IMAGE_FORM] : DERIVATIVE_FORMS[name];
  const form = forms.find(({ extension }) => objectKey === derivativeKey(report, name, extension));
  const isClean = version?.state === "clean";
  if (!isClean && form !== undefined) await objects.remove([objectKey]);
  if (!isClean || form === undefined) throw notClean();
  if (mimeType !== form.mimeType || sizeBytes > form.maxBytes) {
    throw new AppError("REPORT_REFUSED", { detail: "A derivative of this name doesn't come in this form." });
  }
  if (await upsertDerivative(db, report, nowMs)) return;
  // It was blocked in between.
  await objects.remove([objectKey]);
  throw notClean();
}

function notClean(): AppError {
  return new AppError("REPORT_REFUSED", {
    detail: "Only a clean version has derivatives, under their own keys.",
  });
}

async function applyMissingDerivative(
  env: DatabaseBindings,
  report: MissingDerivativeReport,
  nowMs: number,
): Promise<void> {
  const db = databaseFor(env, report.tenantId);
  const version = await findVersion(db, report);
  if (version?.state !== "clean") throw notClean();
  await upsertMissingDerivative(db, report, nowMs);
}

async function applyProperties(env: DatabaseBindings, report: PropertiesReport): Promise<void> {
  const isMerged = await mergeProperties(databaseFor(env, report.tenantId), report);
  if (!isMerged) throw new AppError("REPORT_REFUSED", { detail: "Only a clean version has properties." });
}

async function applyFailedJob(env: DatabaseBindings, report: FailedJobReport, nowMs: number): Promise<void> {
  const db = databaseFor(env, report.tenantId);
  const { mustScan } = await standingOf(env, report);
  // It is clean, and stays so. Another job of its version may have failed meanwhile, which nobody scans by.
  if (report.rescan === true && mustScan === true) return failRescanJob(db, report);
  const isKept = await upsertFailedJob(db, report, nowMs);
  if (!isKept) throw new AppError("REPORT_REFUSED", { detail: "No version that waits has these bytes." });
}

async function applyHeartbeat(env: DatabaseBindings, report: HeartbeatReport, nowMs: number): Promise<void> {
  const [db] = allDatabases(env);
  if (db === undefined) return;
  const isNewer = await upsertHeartbeat(db, report, nowMs, nowMs - FORGET_PROCESSOR_MS);
  if (!isNewer)
    throw new AppError("REPORT_REFUSED", { detail: "A heartbeat as new as this was here before." });
}
