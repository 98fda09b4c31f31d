import type { FileRecord } from "#contract/api.ts";
import type { Caller } from "./api.ts";
import { createUpload, fileIdOf, uploadFile } from "./api.ts";

/** A stack whose database a test can ask and change. */
export interface Queried {
  query(sql: string, ...values: readonly (string | number)[]): Promise<readonly Record<string, unknown>[]>;
}

/** Where a file can be in its life. */
export const PLACES = [
  "uploading",
  "quarantined",
  "clean",
  "infected",
  "unscannable",
  "in the trash",
  "purging",
] as const;
export type Place = (typeof PLACES)[number];

/** A worker alone has nobody who checks files: their verdicts are written by the test. */
export async function setState(worker: Queried, fileId: string, state: string): Promise<void> {
  await worker.query("UPDATE file_versions SET state = ? WHERE file_id = ?", state, fileId);
}

/** Uploads a file that counts as checked. */
export async function uploadClean(
  worker: Queried,
  caller: Caller,
  bytes: Uint8Array = Buffer.from("hello"),
  metadata: Readonly<Record<string, string>> = { filename: "notes.txt" },
): Promise<string> {
  const fileId = await uploadFile(caller, bytes, metadata);
  await setState(worker, fileId, "clean");
  return fileId;
}

/** A file of the caller's in a place. What is to be done while it was clean is done by `before`. */
export async function makeFileIn(
  worker: Queried,
  caller: Caller,
  place: Place,
  before: (fileId: string) => Promise<void> = async () => {},
): Promise<string> {
  if (place === "uploading") {
    const fileId = fileIdOf(await createUpload(caller, 5));
    await before(fileId);
    return fileId;
  }
  const fileId = await uploadClean(worker, caller);
  await before(fileId);
  if (place === "in the trash") await remove(caller, fileId);
  else if (place === "purging") await markPurging(worker, fileId);
  else await setState(worker, fileId, place);
  return fileId;
}

/** What the mark of a purge is, without what follows it: as when the worker dies there. */
export async function markPurging(worker: Queried, fileId: string): Promise<void> {
  await worker.query("UPDATE files SET deleted_at_ms = 1, purging_at_ms = 1 WHERE id = ?", fileId);
}

async function remove(caller: Caller, fileId: string): Promise<void> {
  const answer = await caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
  if (answer.status !== 204) throw new Error(`Deletion answered ${answer.status}.`);
}

/** Shares a file, until there is a time when it isn't. */
export async function shareFile(
  worker: Queried,
  caller: Caller,
  fileId: string,
  userId: string,
  permission: string,
  expiresAtMs: number | null = null,
): Promise<void> {
  await worker.query(
    `INSERT INTO shares (tenant_id, file_id, user_id, permission, shared_by, created_at_ms, expires_at_ms)
     VALUES (?, ?, ?, ?, 'ann', 1, ${expiresAtMs ?? "NULL"})`,
    ...[caller.tenantId, fileId, userId, permission],
  );
}

/** `PATCH /v1/files/{id}`. */
export function patchFile(caller: Caller, fileId: string, edit: object): Promise<Response> {
  return caller.fetch(`/v1/files/${fileId}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(edit),
  });
}

/** `POST /v1/files/bulk`. */
export function postBulk(caller: Caller, request: object): Promise<Response> {
  return caller.fetch("/v1/files/bulk", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
}

/** Makes a file public and returns its URL. */
export async function publish(caller: Caller, fileId: string): Promise<string> {
  const answer = await patchFile(caller, fileId, { isPublic: true });
  const { publicUrl } = (await answer.json()) as FileRecord;
  if (publicUrl === null) throw new Error(`Publishing answered ${answer.status}.`);
  return publicUrl;
}

/** What the audit has of a file, in the order of its events. */
export async function auditOf(worker: Queried, fileId: string): Promise<readonly Record<string, unknown>[]> {
  const rows = await worker.query(
    `SELECT action, actor_id, actor_kind, detail FROM audit_log
     WHERE file_id = ? AND action NOT IN ('file.created', 'file.uploaded', 'file.checked', 'file.read') ORDER BY sequence`,
    fileId,
  );
  return rows.map((row) => ({ ...row, detail: JSON.parse(String(row["detail"])) as unknown }));
}

/** What a tenant's row counts. */
export async function countsOf(worker: Queried, caller: Caller): Promise<Record<string, unknown>> {
  const [row] = await worker.query(
    `SELECT file_count, reserved_bytes, files_bytes, versions_bytes, trash_bytes, derivatives_bytes
     FROM tenants WHERE tenant_id = ?`,
    caller.tenantId,
  );
  return row ?? {};
}

export const NOTHING_COUNTED = {
  file_count: 0,
  reserved_bytes: 0,
  files_bytes: 0,
  versions_bytes: 0,
  trash_bytes: 0,
  derivatives_bytes: 0,
} as const;
