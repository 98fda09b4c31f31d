import type { FileVersionRef } from "#contract/ids.ts";
import type { Standing } from "#contract/reports.ts";
import { REPORT_SIGNATURE_HEADER, REPORTS_PATH, signReport } from "#contract/reports.ts";
import type { SharedWorker } from "./shared-worker.ts";

/** Sends what a processor would. */
export async function sendReport(
  worker: Pick<SharedWorker, "url" | "reportSecret">,
  content: object,
): Promise<Response> {
  const body = JSON.stringify(content);
  const signature = await signReport(worker.reportSecret, body, Date.now());
  const headers = { "content-type": "application/json", [REPORT_SIGNATURE_HEADER]: signature };
  return fetch(new URL(REPORTS_PATH, worker.url), { method: "POST", headers, body });
}

/** What binds a report to the bytes of a stored version. */
export async function boundTo(worker: SharedWorker, ref: FileVersionRef) {
  const [row] = await worker.query(
    "SELECT etag, size_bytes FROM file_versions WHERE tenant_id = ? AND file_id = ? AND version = ?",
    ...[ref.tenantId, ref.fileId, ref.version],
  );
  return { ...ref, etag: String(row?.["etag"]), sizeBytes: Number(row?.["size_bytes"]) };
}

/** A verdict on a stored version, clean where nothing else is said. */
export async function sendVerdict(
  worker: SharedWorker,
  ref: FileVersionRef,
  change: object = {},
): Promise<Response> {
  return sendReport(worker, {
    ...(await boundTo(worker, ref)),
    ...{ kind: "verdict", sha256: "0".repeat(64), sniffedType: null, verdict: "clean", signatureName: null },
    ...{ engine: "Test", signatureVersion: "1", scannedAtMs: Date.now() },
    ...change,
  });
}

/** How a version stands, as a processor that starts is told. */
export async function askStanding(
  worker: SharedWorker,
  ref: FileVersionRef,
  more: object = {},
): Promise<Standing> {
  const answer = await sendReport(worker, { ...(await boundTo(worker, ref)), kind: "start", ...more });
  return (await answer.json()) as Standing;
}
