import { randomUUID } from "node:crypto";
import { FileVersionRef } from "#contract/ids.ts";
import type { CopyTask, RemovalTask } from "#contract/replicas.ts";
import { newAdmin } from "./admin.ts";
import type { Caller } from "./api.ts";
import { getRecord, newCaller, uploadFile } from "./api.ts";
import { takeJobs } from "./queued-jobs.ts";
import { boundTo, sendReport, sendVerdict } from "./reports.ts";
import type { WorkerAlone } from "./worker-alone.ts";

let beats = Date.now();

/** Says what a processor that has these targets would every few seconds. */
export async function beat(worker: WorkerAlone, targets: readonly string[]): Promise<Response> {
  beats += 1;
  return sendReport(worker, {
    ...{ kind: "heartbeat", processorId: "p", scanner: "ok", scannerDetail: "Test", signatureVersion: "1" },
    ...{ queue: "ok", backlog: 0, tools: [], atMs: beats },
    targets: targets.map((name) => ({ name, kind: "directory" })),
  });
}

/** A clean file of a tenant whose copies are wanted at targets. */
export interface Copied {
  readonly ann: Caller;
  readonly admin: Caller;
  readonly ref: FileVersionRef;
  readonly objectKey: string;
}

/** @param settings of the tenant, before its file is there */
export async function newCopied(
  worker: WorkerAlone,
  targets: readonly string[],
  settings: object = {},
): Promise<Copied> {
  await beat(worker, targets);
  const ann = await newCaller({ stack: worker });
  const first = await uploadFile(ann, Buffer.from("words"));
  await worker.query(
    "UPDATE tenants SET settings = ? WHERE tenant_id = ?",
    JSON.stringify(settings),
    ann.tenantId,
  );
  const ref = FileVersionRef.parse({ tenantId: ann.tenantId, fileId: first, version: 1 });
  await sendVerdict(worker, ref);
  const [row] = await worker.query("SELECT object_key FROM file_versions WHERE file_id = ?", ref.fileId);
  const admin = await newAdmin(ann.tenantId, worker);
  return { ann, admin, ref, objectKey: String(row?.["object_key"]) };
}

/** Begins a copy as a processor would. Undefined where that is refused. */
export async function startCopies(
  worker: WorkerAlone,
  ref: FileVersionRef,
  targets: readonly string[],
): Promise<{ readonly leaseId: string; readonly task: CopyTask | undefined }> {
  const leaseId = randomUUID();
  const start = { ...(await boundTo(worker, ref)), kind: "copies-start", leaseId, targets };
  const answer = await sendReport(worker, start);
  return { leaseId, task: answer.status === 200 ? ((await answer.json()) as CopyTask) : undefined };
}

/** Tells how a copy has ended. */
export function tellCopy(
  worker: WorkerAlone,
  { ref, objectKey }: Copied,
  leaseId: string,
  target: string,
  outcome: object = { state: "stored", asOfMs: Date.now() },
  part = "original",
): Promise<Response> {
  return sendReport(worker, { ...ref, kind: "copy", leaseId, target, part, objectKey, outcome });
}

/** Has a file copied to targets, as a processor would. */
export async function copyTo(worker: WorkerAlone, copied: Copied, targets: readonly string[]): Promise<void> {
  const { leaseId } = await startCopies(worker, copied.ref, targets);
  for (const target of targets) {
    const { status } = await tellCopy(worker, copied, leaseId, target);
    if (status !== 204) throw new Error(`The copy was answered ${status}.`);
  }
}

export async function startRemovals(
  worker: WorkerAlone,
  targets: readonly string[],
): Promise<{ readonly leaseId: string; readonly removals: RemovalTask["removals"] }> {
  const leaseId = randomUUID();
  const answer = await sendReport(worker, { kind: "removals-start", leaseId, targets });
  return { leaseId, removals: ((await answer.json()) as RemovalTask).removals };
}

/** Tells what became of removals. */
export function tellRemovals(
  worker: WorkerAlone,
  leaseId: string,
  removed: readonly object[],
  failed: readonly object[] = [],
): Promise<Response> {
  return sendReport(worker, { kind: "removals", leaseId, removed, failed });
}

/** What of copies is in a file's record, without times. */
export async function replicasOf({ ann, ref }: Copied): Promise<readonly object[]> {
  const { replicas } = await getRecord(ann, ref.fileId);
  return replicas.map(({ target, state, tries, error }) => ({ target, state, tries, error }));
}

/** Kinds of the jobs that wait, for good. */
export async function takeJobKinds(worker: WorkerAlone): Promise<readonly string[]> {
  return ((await takeJobs(worker.queues)) as { kind: string }[]).map(({ kind }) => kind);
}
