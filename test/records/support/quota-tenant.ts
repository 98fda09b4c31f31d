import { AppError } from "#contract/errors.ts";
import type { FileId, Identity } from "#contract/ids.ts";
import { UserId } from "#contract/ids.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import type { Actor } from "../../../worker/db/audit.ts";
import type { DatabaseBindings } from "../../../worker/db/database.ts";
import { getQuota } from "../../../worker/services/quota.ts";
import type { NewDeclaration } from "../../../worker/services/uploads.ts";
import { createPartialUpload, createUpload } from "../../../worker/services/uploads.ts";
import { newTenantId } from "./databases.ts";

const MIB = 1024 * 1024;

export const RULES = { maxUploadBytes: 500 * MIB, defaultQuotaBytes: 1_000, requestId: null, nowMs: 1_000 };

/** A tenant with a quota of 1,000 bytes, and what it does. */
export function newQuotaTenant(env: DatabaseBindings, settings: TenantSettings = {}) {
  const tenantId = newTenantId();
  const identity: Identity = { tenantId, userId: UserId.parse("ann"), role: "member" };
  const rules = { ...RULES, settings };
  const actor: Actor = { tenantId, id: "boss", kind: "admin", requestId: null };
  return {
    env,
    tenantId,
    actor,
    refOf: (fileId: FileId) => ({ tenantId, fileId, version: 1 }),
    create: (lengthBytes: number | null, declaration: Partial<NewDeclaration> = {}) =>
      createUpload(
        env,
        identity,
        { metadata: new Map([["filename", "a.txt"]]), lengthBytes, ...declaration },
        rules,
      ),
    createPartial: (lengthBytes: number | null) => createPartialUpload(env, tenantId, lengthBytes, rules),
    quota: (defaultQuotaBytes = RULES.defaultQuotaBytes) => getQuota(env, tenantId, defaultQuotaBytes),
    set: (column: string, value: unknown) =>
      env.DB.prepare(`UPDATE tenants SET ${column} = ? WHERE tenant_id = ?`).bind(value, tenantId).run(),
  };
}

export type QuotaTenant = ReturnType<typeof newQuotaTenant>;

/** What a service throws. */
export async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof AppError) return error;
  throw new Error(`It wasn't refused: ${String(error)}`);
}
