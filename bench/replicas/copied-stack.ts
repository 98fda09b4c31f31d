import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { FileRecord } from "#contract/api.ts";
import type { Identity } from "#contract/ids.ts";
import { TenantId, UserId } from "#contract/ids.ts";
import { findFreePort } from "../../scripts/dev/ports.ts";
import type { Stack } from "../../scripts/dev/stack.ts";
import { startStack } from "../../scripts/dev/stack.ts";
import { signToken } from "../../scripts/dev/token.ts";

const HEALTHY_WITHIN_MS = 180_000;
const POLL_MS = 20;
const OPERATOR: Identity = {
  tenantId: TenantId.parse("operator"),
  userId: UserId.parse("root"),
  role: "admin",
};

/** A tenant whose files are copied to one target. */
export interface CopiedTenant {
  /** Uploads a file, and returns its id when its copy is stored. */
  addCopied(bytes: Buffer): Promise<string>;
  /** Milliseconds to the first byte of a file; throws unless `Cache-Status` has `detail`, or isn't there where none is given. */
  timeFirstByte(fileId: string, detail?: string): Promise<number>;
  /** Removes a file's object from the bucket, behind the product's back. */
  lose(fileId: string): Promise<void>;
}

/** Starts what `CAUSEWAY_REPLICAS=all npm start` runs for `use`, and stops it, whatever happens. */
export async function withCopiedStack<T>(
  use: (tenantOf: (target: string) => Promise<CopiedTenant>) => Promise<T>,
): Promise<T> {
  const stateDirectory = await mkdtemp(join(tmpdir(), "causeway-bench-"));
  const stack = await startStack({
    ...{ port: await findFreePort(), stateDirectory, withReplicas: true, withDemo: false },
    processorEnv: { POLL_MAX_SECONDS: "0.05" },
    rateLimitFactor: 10_000,
    onLog: () => {},
  });
  try {
    await stack.waitUntilHealthy(HEALTHY_WITHIN_MS);
    return await use((target) => newTenant(stack, target));
  } finally {
    await stack.stop();
    await rm(stateDirectory, { recursive: true, force: true });
  }
}

async function newTenant(stack: Stack, target: string): Promise<CopiedTenant> {
  const tenantId = TenantId.parse(`bench-${target}`);
  const member: Identity = { tenantId, userId: UserId.parse("ann"), role: "member" };
  await ask(stack, OPERATOR, `/v1/admin/tenants/${tenantId}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ settings: { replicaTargets: [target] } }),
  });
  const bucket = await stack.workers.miniflare.getR2Bucket("BUCKET", "causeway");
  return {
    async addCopied(bytes) {
      const headers = { "content-type": "text/plain", "content-disposition": 'attachment; filename="a.txt"' };
      const init = { method: "POST", headers, body: new Uint8Array(bytes) };
      const { id } = (await (await ask(stack, member, "/v1/files", init)).json()) as FileRecord;
      for (;;) {
        const record = (await (await ask(stack, member, `/v1/files/${id}`)).json()) as FileRecord;
        if (record.replicas.some((each) => each.target === target && each.state === "stored")) return id;
        await wait(POLL_MS);
      }
    },
    async timeFirstByte(fileId, detail) {
      const startedAtMs = performance.now();
      const answer = await ask(stack, member, `/v1/files/${fileId}/content`);
      const reader = answer.body?.getReader();
      await reader?.read();
      const tookMs = performance.now() - startedAtMs;
      while (reader !== undefined && !(await reader.read()).done);
      const status = answer.headers.get("cache-status");
      if (detail === undefined ? status !== null : status?.includes(detail) !== true)
        throw new Error(`It was read by another way: ${status}.`);
      return tookMs;
    },
    async lose(fileId) {
      const { objects } = await bucket.list({ prefix: `t/${tenantId}/${fileId}/` });
      for (const { key } of objects) await bucket.delete(key);
    },
  };
}

async function ask(
  stack: Stack,
  identity: Identity,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const authorization = `Bearer ${await signToken(identity, { secret: stack.secrets.jwtSecret, ttlSeconds: 3_600 })}`;
  const headers = { authorization, ...(init.headers as Record<string, string> | undefined) };
  const answer = await fetch(new URL(path, stack.url), { ...init, headers });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer;
}
