import type { DerivativesRequest } from "#contract/api.ts";
import type { FileId } from "#contract/ids.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import { markVersionsAnnounced } from "../db/announcements.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { takeDerivativesOn } from "../db/derivatives.ts";
import { jobOf } from "./announce.ts";
import type { Caller } from "./file-actions.ts";
import { requireActionable } from "./file-actions.ts";
import { missingDerivativesOf, notWantedSinceMs, requireFile } from "./files.ts";
import { requireClean } from "./servable.ts";

/** For so long after a version was announced somebody is taken to be at it. */
const AT_IT_MS = 5 * 60_000;

/**
 * Has those of a file's derivatives tried again that could not be made, and those asked for again that should be on their
 * way, unless that was announced just now. Where there are none, nothing is done. Throws as `requireActionable`,
 * `FILE_NOT_READY` and `FILE_BLOCKED` for a version that isn't clean, and what `announce` throws: asked again, it goes on.
 */
export async function retryDerivatives(
  env: DatabaseBindings,
  announce: (job: ProcessJob) => Promise<void>,
  { identity, actor }: Caller,
  fileId: FileId,
  { names }: DerivativesRequest,
  nowMs: number,
): Promise<void> {
  const found = await requireFile(env, identity, fileId, "view");
  requireActionable(identity, found, "edit");
  requireClean(found.version);
  const wanted = missingDerivativesOf(found)
    .filter(({ name, state }) => state !== "none" && (names?.includes(name) ?? true))
    .map(({ name }) => name);
  const job = jobOf(found.version);
  if (wanted.length === 0 || job === undefined) return;
  const { tenantId, version } = job;
  const detail = { names: wanted.join(" ") };
  const event = { actor, action: "derivatives.retried", fileId, version, detail, atMs: nowMs } as const;
  const db = databaseFor(env, tenantId);
  const notWanted = wanted.map((name) => notWantedSinceMs(found, name) ?? 0);
  const beforeMs = Math.max(nowMs - AT_IT_MS, ...notWanted.map((sinceMs) => sinceMs + 1));
  if (!(await takeDerivativesOn(db, job, wanted, beforeMs, event))) return;
  try {
    await announce(job);
  } catch (error) {
    // As though it had never been: whoever asks again is listened to.
    await markVersionsAnnounced(db, [job], 0);
    throw error;
  }
}
