import type { Actor } from "#contract/audit.ts";
import type { FileId, TenantId } from "#contract/ids.ts";
import { DERIVATIVE_READ_AUDIT_SAMPLE } from "#contract/tenants.ts";
import type { AuditEvent } from "../db/audit.ts";
import type { Sampling } from "../db/audit.ts";
import { auditAll, auditSampled, auditStatement } from "../db/audit.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";

/** The same actor in another tenant's trail, where an operator's id could be one of its users': theirs have no slash. */
export function actorIn(actor: Actor, tenantId: TenantId): Actor {
  if (actor.tenantId === tenantId) return actor;
  return { ...actor, tenantId, id: `${actor.tenantId}/${actor.id}` };
}

/** Records what changes nothing, so that there is no batch for its event to be part of. */
export async function recordEvent(env: DatabaseBindings, event: AuditEvent): Promise<void> {
  await auditStatement(databaseFor(env, event.actor.tenantId), event);
}

/** A URL that was signed. */
export interface Signed {
  readonly fileId: FileId;
  readonly version: number;
  readonly variant: string;
}

/** Records that URLs were signed: an event for each file, with the number of its URLs and of what they are. */
export async function recordSigning(
  env: DatabaseBindings,
  actor: Actor,
  signed: readonly Signed[],
  atMs: number,
): Promise<void> {
  const byFile = Map.groupBy(signed, ({ fileId }) => fileId);
  const [first, ...others] = [...byFile].map(([fileId, urls]): AuditEvent => {
    const variants = [...new Set(urls.map(({ variant }) => variant))].join(" ");
    const detail = { items: urls.length, variants };
    return { actor, action: "signed-url.created", fileId, version: urls[0]?.version, detail, atMs };
  });
  if (first === undefined) return;
  await auditAll(databaseFor(env, actor.tenantId), [first, ...others]);
}

/** Which of a tenant's settings a read is sampled by: one by a URL that anybody may have, and one of what is made of a file. */
const SAMPLINGS = {
  byUrl: { setting: "readAuditSample", usual: 1 },
  ofDerivative: { setting: "derivativeReadAuditSample", usual: DERIVATIVE_READ_AUDIT_SAMPLE },
} as const satisfies Record<string, Sampling>;

/**
 * Records that bytes were read. Never throws: the reader has its answer already.
 * @param sampledAs of these the smallest share decides if it is recorded at all; all are where there are none
 */
export async function recordRead(
  env: DatabaseBindings,
  read: Omit<AuditEvent, "action">,
  sampledAs: readonly (keyof typeof SAMPLINGS)[],
): Promise<void> {
  const event = { ...read, action: "file.read" } as const;
  try {
    const db = databaseFor(env, read.actor.tenantId);
    const samplings = sampledAs.map((name) => SAMPLINGS[name]);
    await (samplings.length > 0
      ? auditSampled(db, event, samplings, Math.random())
      : auditStatement(db, event));
  } catch (error) {
    const { tenantId, requestId } = read.actor;
    console.error({ event: "read-not-recorded", tenantId, requestId, error: String(error) });
  }
}
