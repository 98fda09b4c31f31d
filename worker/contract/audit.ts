import { z } from "zod";
import type { TenantId } from "./ids.ts";

/** How whoever acted was known: by a session, a service's token, an upload grant, a URL, or not at all (the system). */
export const ACTOR_KINDS = [
  "member",
  "admin",
  "service",
  "grant",
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
  readonly requestId: string | null;
}

/** What is recorded. Noun first, as events are named; part of the interface: actions are added and never renamed. */
export const AUDIT_ACTIONS = [
  "file.created",
  "file.uploaded",
  "file.checked",
  "file.read",
  "file.changed",
  "file.published",
  "file.unpublished",
  "file.deleted",
  "file.restored",
  "file.purged",
  "version.restored",
  "version.deleted",
  "share.set",
  "share.removed",
  "share-link.created",
  "share-link.revoked",
  "signed-url.created",
  "upload-grant.created",
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
