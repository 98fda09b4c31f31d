import { z } from "zod";
import type { Identity, TenantId } from "./ids.ts";
import { FileId } from "./ids.ts";

/** How whoever acted was known: by a session, a service's token, a grant, a URL, or not at all (the system). */
export const ACTOR_KINDS = [
  "member",
  "admin",
  "service",
  "grant",
  "entity-grant",
  "signed-url",
  "public-url",
  "share-link",
  "processor",
  "system",
] as const;
export const ActorKind = z.enum(ACTOR_KINDS);
export type ActorKind = z.infer<typeof ActorKind>;

/** Who does something, for the audit. */
export interface Actor {
  /** Whose trail it is recorded in. */
  readonly tenantId: TenantId;
  /** A user's id, or that of what acts without one. */
  readonly id: string;
  readonly kind: ActorKind;
  /** The entity grant by which they did it. */
  readonly grantId?: string | undefined;
  readonly requestId: string | null;
}

/** Who asks, as the audit names them. */
export function actorAs(
  { tenantId, userId: id, entityGrant }: Identity,
  kind: ActorKind,
  requestId: string | null,
): Actor {
  const actor = { tenantId, id, kind, requestId };
  return entityGrant === undefined ? actor : { ...actor, kind: "entity-grant", grantId: entityGrant.id };
}

/** What is recorded. Noun first, as events are named; part of the interface: actions are added and never renamed. */
export const AUDIT_ACTIONS = [
  "file.created",
  "file.uploaded",
  "file.checked",
  "file.found-later",
  "file.repaired",
  "file.read",
  "file.changed",
  "file.published",
  "file.unpublished",
  "file.deleted",
  "file.restored",
  "file.purged",
  "derivatives.retried",
  "job.retried",
  "version.released",
  "version.restored",
  "version.deleted",
  "share.set",
  "share.removed",
  "share-link.created",
  "share-link.revoked",
  "signed-url.created",
  "upload-grant.created",
  "upload-grant.renewed",
  "entity-grant.created",
  "entity-grant.renewed",
  "rescan.created",
  "rescan.paused",
  "rescan.resumed",
  "rescan.cancelled",
  "replica.backfilled",
  "replica.retried",
  "replica.repair-wanted",
  "tenant.changed",
  "tenant.recounted",
  "tenant.exported",
  "tenant.erased",
] as const;
export const AuditAction = z.enum(AUDIT_ACTIONS);
export type AuditAction = z.infer<typeof AuditAction>;

/** Facts of an event: never a name, a key, a token or content. */
export const AuditDetail = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
export type AuditDetail = z.infer<typeof AuditDetail>;

export const AuditRecord = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    action: AuditAction,
    actor: z.object({ id: z.string(), kind: ActorKind }),
    fileId: FileId.nullable(),
    version: z.int().nullable(),
    requestId: z.string().nullable(),
    detail: AuditDetail,
  })
  .meta({ id: "AuditRecord" });
export type AuditRecord = z.infer<typeof AuditRecord>;

const MAX_AUDIT_PAGE = 200;
const Time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** Query of `GET /v1/admin/audit`. */
export const AuditQuery = z.object({
  fileId: FileId.optional(),
  userId: z.string().min(1).max(200).optional().meta({ description: "Who did it" }),
  action: AuditAction.optional(),
  after: Time.optional().meta({ description: "Events at this time or later, RFC 3339" }),
  before: Time.optional().meta({ description: "Events before this time, RFC 3339" }),
  limit: z.coerce.number().int().min(1).max(MAX_AUDIT_PAGE).default(50),
  cursor: z.string().max(100).optional(),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

export const AuditPage = z
  .object({ items: z.array(AuditRecord), nextCursor: z.string().nullable() })
  .meta({ id: "AuditPage" });
export type AuditPage = z.infer<typeof AuditPage>;
