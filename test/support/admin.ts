import { expect } from "vitest";
import type { AuditPage, AuditRecord } from "#contract/audit.ts";
import type { TenantId } from "#contract/ids.ts";
import { TenantId as Tenant } from "#contract/ids.ts";
import type { Caller, StackAccess } from "./api.ts";
import { newCaller, sharedStack } from "./api.ts";

/** How long something may take to come about on a machine with other work: what takes longer hangs. */
export const PATIENCE_MS = 30_000;

/** An admin of a tenant. */
export function newAdmin(tenantId: TenantId, stack: StackAccess = sharedStack()): Promise<Caller> {
  return newCaller({ tenantId, user: "boss", role: "admin", stack });
}

/** An operator of the local stack. */
export function newOperator(stack: StackAccess = sharedStack()): Promise<Caller> {
  return newCaller({ tenantId: Tenant.parse("operator"), user: "root", role: "admin", stack });
}

export async function readAudit(admin: Caller, query = ""): Promise<readonly AuditRecord[]> {
  const answer = await admin.fetch(`/v1/admin/audit${query}`);
  if (answer.status !== 200) throw new Error(`The audit answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as AuditPage).items;
}

/** Waits for the trail to have these actions and no others, the oldest first: some are recorded after the answer. */
export async function expectActions(
  admin: Caller,
  query: string,
  actions: readonly string[],
): Promise<readonly AuditRecord[]> {
  const oldestFirst = async () => (await readAudit(admin, query)).toReversed();
  await expect
    .poll(async () => (await oldestFirst()).map(({ action }) => action), { timeout: PATIENCE_MS })
    .toEqual(actions);
  return oldestFirst();
}

export function sendJson(caller: Caller, method: string, path: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return caller.fetch(path, { method, headers, body: JSON.stringify(body) });
}
