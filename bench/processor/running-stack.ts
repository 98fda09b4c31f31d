import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { FileRecord } from "#contract/api.ts";
import type { Identity } from "#contract/ids.ts";
import { TenantId, UserId } from "#contract/ids.ts";
import { findFreePort } from "../../scripts/dev/ports.ts";
import { startStack } from "../../scripts/dev/stack.ts";
import { signToken } from "../../scripts/dev/token.ts";

/** What `npm start` runs, and somebody who uploads to it: the processor is a process of its own. */
export interface RunningStack {
  readonly processorPid: number;
  /** Uploads a file, whole, and returns its id when its last byte was acknowledged. */
  upload(filename: string, bytes: Uint8Array): Promise<string>;
  /** The same of one that is made while it is sent, by appends of 8 MiB. */
  uploadLarge(filename: string, sizeBytes: number): Promise<string>;
  /** A file's record as soon as `accept` takes it, asked for every `pollMs`: 25 where it isn't said. */
  untilRecord(fileId: string, accept: (record: FileRecord) => boolean, pollMs?: number): Promise<FileRecord>;
}

const TUS = { "tus-resumable": "1.0.0" } as const;
const APPEND_TYPE = "application/offset+octet-stream";
const APPEND_BYTES = 8 * 1024 * 1024;
const MEMBER: Identity = { tenantId: TenantId.parse("bench"), userId: UserId.parse("ann"), role: "member" };
const OPERATOR: Identity = {
  tenantId: TenantId.parse("operator"),
  userId: UserId.parse("root"),
  role: "admin",
};
const HEALTHY_WITHIN_MS = 180_000;
/** Who asks more often takes of the two cores what is measured. */
const POLL_MS = 25;

/**
 * Starts it for `use` and stops it, whatever happens.
 * @param maxUploadBytes the largest file
 */
export async function withStack<T>(
  maxUploadBytes: number,
  use: (stack: RunningStack) => Promise<T>,
): Promise<T> {
  const stateDirectory = await mkdtemp(join(tmpdir(), "causeway-bench-"));
  const stack = await startStack({
    port: await findFreePort(),
    stateDirectory,
    workerVars: { MAX_UPLOAD_BYTES: String(maxUploadBytes) },
    processorEnv: { POLL_MAX_SECONDS: "0.05" },
    rateLimitFactor: 10_000,
    withDemo: false,
    onLog: () => {},
  });
  try {
    await stack.waitUntilHealthy(HEALTHY_WITHIN_MS);
    const secret = stack.secrets.jwtSecret;
    const ask = async (identity: Identity, path: string, init: RequestInit): Promise<Response> => {
      const authorization = `Bearer ${await signToken(identity, { secret, ttlSeconds: 3_600 })}`;
      const headers = { authorization, ...(init.headers as Record<string, string> | undefined) };
      const answer = await fetch(new URL(path, stack.url), { ...init, headers });
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
      return answer;
    };
    await ask(OPERATOR, `/v1/admin/tenants/${MEMBER.tenantId}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ quotaBytes: 1e12, settings: { maxBytes: { video: maxUploadBytes } } }),
    });
    return await use(createClient((path, init = {}) => ask(MEMBER, path, init), stack.processor.pid));
  } finally {
    await stack.stop();
    await rm(stateDirectory, { recursive: true, force: true });
  }
}

type Ask = (path: string, init?: RequestInit) => Promise<Response>;

function createClient(ask: Ask, processorPid: number | undefined): RunningStack {
  if (processorPid === undefined) throw new Error("There is no processor.");
  const create = async (filename: string, sizeBytes: number, body?: Uint8Array): Promise<string> => {
    const name = Buffer.from(filename).toString("base64");
    const headers = { ...TUS, "upload-length": String(sizeBytes), "upload-metadata": `filename ${name}` };
    const whole = body === undefined ? {} : { "content-type": APPEND_TYPE };
    const answer = await ask("/v1/uploads", {
      ...{ method: "POST", headers: { ...headers, ...whole } },
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    });
    return answer.headers.get("location")?.split("/").at(-1) ?? "";
  };
  return {
    processorPid,
    upload: (filename, bytes) => create(filename, bytes.byteLength, bytes),
    async uploadLarge(filename, sizeBytes) {
      const fileId = await create(filename, sizeBytes);
      for (let at = 0; at < sizeBytes; at += APPEND_BYTES) {
        const body = filmPiece(at, Math.min(APPEND_BYTES, sizeBytes - at));
        const headers = { ...TUS, "content-type": APPEND_TYPE, "upload-offset": String(at) };
        await ask(`/v1/uploads/${fileId}`, { method: "PATCH", headers, body });
      }
      return fileId;
    },
    async untilRecord(fileId, accept, pollMs = POLL_MS) {
      for (;;) {
        const record = (await (await ask(`/v1/files/${fileId}`)).json()) as FileRecord;
        if (accept(record)) return record;
        await wait(pollMs);
      }
    },
  };
}

/** ISO/IEC 14496-12, 4.3: what makes it a film to whoever looks at its first bytes. */
const FILM = Buffer.from("\0\0\0\x18ftypisom\0\0\x02\0isomiso2", "latin1");

function filmPiece(offset: number, sizeBytes: number): Buffer<ArrayBuffer> {
  const piece = Buffer.alloc(sizeBytes, `piece at ${offset} `);
  if (offset === 0) FILM.copy(piece);
  return piece;
}

export function isChecked({ state }: FileRecord): boolean {
  return state !== "uploading" && state !== "quarantined";
}

/** Nothing is being made of it any more. */
export function isSettled(record: FileRecord): boolean {
  return isChecked(record) && record.missingDerivatives.every(({ state }) => state !== "making");
}
