import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
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

export const RULES = {
  maxUploadBytes: 500 * MIB,
  defaultQuotaBytes: 1_000 * MINIMUM_CHARGE_BYTES,
  requestId: null,
  nowMs: 1_000,
};

/** A tenant whose quota has room for 1,000 of the smallest files, and what it does. */
export function newQuotaTenant(env: DatabaseBindings, settings: TenantSettings = {}) {
  return quotaTenantOf(env, settings, {
    tenantId: newTenantId(),
    userId: UserId.parse("ann"),
    role: "member",
  });
}

function quotaTenantOf(env: DatabaseBindings, settings: TenantSettings, identity: Identity) {
  const { tenantId } = identity;
  const rules = { ...RULES, settings };
  const actor: Actor = { tenantId, id: "boss", kind: "admin", requestId: null };
  return {
    env,
    tenantId,
    actor,
    /** The same tenant, and somebody else of it. */
    as: (user: string, role: Identity["role"] = "member"): QuotaTenant =>
      quotaTenantOf(env, settings, { tenantId, userId: UserId.parse(user), role }),
    refOf: (fileId: FileId) => ({ tenantId, fileId, version: 1 }),
    create: (lengthBytes: number | null, declaration: Partial<NewDeclaration> = {}) =>
      createUpload(
        env,
        identity,
        { metadata: new Map([["filename", "a.txt"]]), lengthBytes, ...declaration },
        rules,
      ),
    createPartial: (lengthBytes: number | null) => createPartialUpload(env, identity, lengthBytes, rules),
    quota: (defaultQuotaBytes = RULES.defaultQuotaBytes) => getQuota(env, tenantId, defaultQuotaBytes),
    set: (column: string, value: unknown) =>
      env.DB.prepare(`UPDATE tenants SET ${column} = ? WHERE tenant_id = ?`).bind(value, tenantId).run(),
  };
}

export interface QuotaTenant extends Omit<ReturnType<typeof quotaTenantOf>, "as"> {
  as(user: string, role?: Identity["role"]): QuotaTenant;
}

/** What a service throws. */
export async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof AppError) return error;
  throw new Error(`It wasn't refused: ${String(error)}`);
}
