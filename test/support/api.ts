import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { inject } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import type { Problem } from "#contract/errors.ts";
import type { Role } from "#contract/ids.ts";
import { TenantId, UserId } from "#contract/ids.ts";
import { signToken } from "../../scripts/dev/token.ts";

export interface StackAccess {
  readonly url: string;
  readonly jwtSecret: string;
}

/** The stack that all tests share. */
export function sharedStack(): StackAccess {
  return { url: inject("stackUrl"), jwtSecret: inject("jwtSecret") };
}

export function newTenantId(): TenantId {
  return TenantId.parse(`t${randomBytes(8).toString("hex")}`);
}

export interface Caller {
  readonly tenantId: TenantId;
  readonly token: string;
  /** `fetch` with the caller's token; `path` may be a whole URL. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

/** A user of a tenant of the test's own, so that tests see nothing of each other. */
export async function newCaller(
  options: { tenantId?: TenantId; user?: string; role?: Role; stack?: StackAccess } = {},
): Promise<Caller> {
  const { tenantId = newTenantId(), user = "ann", role = "member", stack = sharedStack() } = options;
  const identity = { tenantId, userId: UserId.parse(user), role };
  const token = await signToken(identity, { secret: stack.jwtSecret, ttlSeconds: 3600 });
  return {
    tenantId,
    token,
    fetch(path, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
      return fetch(new URL(path, stack.url), { ...init, headers });
    },
  };
}

/** Upload-Metadata of the given keys. */
export function metadataHeader(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString("base64")}`)
    .join(",");
}

export const TUS = { "tus-resumable": "1.0.0" } as const;
export const APPEND = { ...TUS, "content-type": "application/offset+octet-stream" } as const;

/** A creation that succeeds, for tests to change one thing of. */
export function creationHeaders(
  sizeBytes: number,
  metadata: Readonly<Record<string, string>> = { filename: "notes.txt" },
): Record<string, string> {
  return { ...TUS, "upload-length": String(sizeBytes), "upload-metadata": metadataHeader(metadata) };
}

export async function createUpload(
  caller: Caller,
  sizeBytes: number,
  metadata?: Readonly<Record<string, string>>,
): Promise<string> {
  const answer = await caller.fetch("/v1/uploads", {
    method: "POST",
    headers: creationHeaders(sizeBytes, metadata),
  });
  if (answer.status !== 201) throw new Error(`Creation answered ${answer.status}: ${await answer.text()}`);
  return answer.headers.get("location") ?? "";
}

export function append(
  caller: Caller,
  location: string,
  offset: number,
  body: BodyInit | null,
): Promise<Response> {
  const headers = { ...APPEND, "upload-offset": String(offset) };
  return caller.fetch(location, { method: "PATCH", headers, body });
}

export async function headOffset(caller: Caller, location: string): Promise<number> {
  const answer = await caller.fetch(location, { method: "HEAD", headers: TUS });
  if (answer.status !== 200) throw new Error(`HEAD answered ${answer.status}`);
  return Number(answer.headers.get("upload-offset"));
}

export function fileIdOf(location: string): string {
  return location.slice(location.lastIndexOf("/") + 1);
}

/** Uploads `bytes` in one request and returns the file's id. */
export async function uploadFile(
  caller: Caller,
  bytes: Uint8Array,
  metadata: Readonly<Record<string, string>> = { filename: "notes.txt" },
): Promise<string> {
  const headers = { ...creationHeaders(bytes.byteLength, metadata), ...APPEND };
  const body = bytes.byteLength === 0 ? null : Buffer.from(bytes);
  const answer = await caller.fetch("/v1/uploads", { method: "POST", headers, body });
  if (answer.status !== 201) throw new Error(`Upload answered ${answer.status}: ${await answer.text()}`);
  return fileIdOf(answer.headers.get("location") ?? "");
}

export async function getRecord(caller: Caller, fileId: string): Promise<FileRecord> {
  const answer = await caller.fetch(`/v1/files/${fileId}`);
  if (answer.status !== 200) throw new Error(`The record answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as FileRecord;
}

/** Pauses between two questions: who asks often takes from what is waited for. */
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 200;

/** Asks until `accept` says yes: there is no event to wait for in the API yet. */
export async function waitForRecord(
  caller: Caller,
  fileId: string,
  accept: (record: FileRecord) => boolean,
): Promise<FileRecord> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    const record = await getRecord(caller, fileId);
    if (accept(record)) return record;
    await wait(pauseMs);
  }
}

/** The file's record when its check is over. */
export function waitForVerdict(caller: Caller, fileId: string): Promise<FileRecord> {
  return waitForRecord(caller, fileId, ({ state }) => state !== "uploading" && state !== "quarantined");
}

export async function readProblem(answer: Response): Promise<Problem> {
  if (answer.headers.get("content-type") !== "application/problem+json") {
    throw new Error(`Not a problem document: ${answer.status} ${await answer.text()}`);
  }
  return (await answer.json()) as Problem;
}

/** Signs one download and returns its URL. */
export async function signUrl(
  caller: Caller,
  fileId: string,
  item: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const answer = await caller.fetch("/v1/signed-urls", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ items: [{ fileId, ...item }] }),
  });
  if (answer.status !== 200) throw new Error(`Signing answered ${answer.status}: ${await answer.text()}`);
  const { items } = (await answer.json()) as { items: readonly { url: string }[] };
  return items[0]?.url ?? "";
}
