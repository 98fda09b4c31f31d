import type { CopyJob } from "#contract/jobs.ts";
import type { VerdictReport } from "#contract/reports.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { findVersion } from "../db/files.ts";
import { NO_COPIES } from "../db/replicas.ts";
import { insertVerdict } from "../db/reports.ts";
import type { Renaming } from "../db/versions.ts";
import { findNaming } from "../db/versions.ts";
import { nameWithVersion } from "./file-names.ts";
import { copiesWantedBy, copyJobOf } from "./replica-targets.ts";

/** Keeps the verdict that a version waits for. What is clean by it is copied to its tenant's targets from now on. */
export async function applyFirstVerdict(
  env: DatabaseBindings,
  announce: (job: CopyJob) => Promise<void>,
  report: VerdictReport,
  nowMs: number,
): Promise<void> {
  const isClean = report.verdict === "clean";
  const [promotion, copies] = await Promise.all([
    findPromotion(env, report),
    isClean ? copiesWantedBy(env, report.tenantId, nowMs) : NO_COPIES,
  ]);
  await insertVerdict(databaseFor(env, report.tenantId), report, promotion, nowMs, copies);
  if (copies.targets.length > 0) await announceCopies(env, announce, report);
}

/** A job that can't be sent now is sent by cron. */
async function announceCopies(
  env: DatabaseBindings,
  announce: (job: CopyJob) => Promise<void>,
  report: VerdictReport,
): Promise<void> {
  const version = await findVersion(databaseFor(env, report.tenantId), report);
  const job = version?.state === "clean" ? copyJobOf(version) : undefined;
  if (job === undefined) return;
  await announce(job).catch((error: unknown) => {
    const { tenantId, fileId } = report;
    console.error({ event: "copy-not-announced", tenantId, fileId, error: String(error) });
  });
}

/** A file's first version is its current one from the start; later ones become it when they are clean. */
async function findPromotion(env: DatabaseBindings, report: VerdictReport): Promise<Renaming | undefined> {
  if (report.version === 1 || report.verdict !== "clean") return undefined;
  const db = databaseFor(env, report.tenantId);
  const [version, naming] = await Promise.all([findVersion(db, report), findNaming(db, report)]);
  if (version === undefined || naming === undefined) return undefined;
  return { filename: naming.filename, newFilename: nameWithVersion(naming, version) };
}
