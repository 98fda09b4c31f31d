import { z } from "zod";
import { EntityName, EntityType } from "./entities.ts";
import type { Identity } from "./ids.ts";
import { UserId } from "./ids.ts";

/**
 * What an entity grant may let its holder do with what is attached to its entity. Each but `upload` includes seeing a
 * file's record; `upload` includes it, and sending new versions, of what the holder has uploaded there.
 */
export const ENTITY_ACTIONS = ["list", "view", "download", "upload", "delete"] as const;
export const EntityAction = z.enum(ENTITY_ACTIONS);
export type EntityAction = z.infer<typeof EntityAction>;

/** One entity of a tenant's, and what may be done with what is attached to it. */
export const EntityGrantScope = z.object({
  entityType: EntityType,
  entityId: EntityName,
  allow: z
    .array(EntityAction)
    .min(1)
    .max(ENTITY_ACTIONS.length)
    .meta({
      description:
        "Each but upload includes seeing a file's record; upload includes it, and sending new versions, of what the user " +
        "has uploaded there",
    }),
});
export type EntityGrantScope = z.infer<typeof EntityGrantScope>;

/** What an identity may do where it isn't all that its user may: the scope of a grant whose token was verified. */
export interface EntityGrant extends EntityGrantScope {
  /** By which the audit names it; a renewed grant keeps it. */
  readonly id: string;
  readonly expiresAtMs: number;
}

/** A user of a tenant within a grant. */
export type GrantedIdentity = Identity & { readonly entityGrant: EntityGrant };

/** Any grant of ours lives an hour at most. */
export const MAX_GRANT_SECONDS = 3600;
export const GrantSeconds = z.int().min(1).max(MAX_GRANT_SECONDS).default(900);

/** Body of `POST /v1/entity-grants`. */
export const EntityGrantRequest = EntityGrantScope.extend({
  userId: UserId.meta({ description: "Who it is for: what they upload is theirs, and the audit names them" }),
  expiresInSeconds: GrantSeconds,
})
  .strict()
  .meta({ id: "EntityGrantRequest" });
export type EntityGrantRequest = z.infer<typeof EntityGrantRequest>;

export const EntityGrantResponse = z
  .object({
    id: z.string().meta({ description: "By which the audit names it" }),
    token: z.string().meta({ description: "A bearer token for the files of its entity" }),
    expiresAt: z.iso.datetime().meta({ description: "RFC 3339, UTC" }),
  })
  .meta({ id: "EntityGrant" });
export type EntityGrantResponse = z.infer<typeof EntityGrantResponse>;

/** Longest token of a grant that is read at all. */
const MAX_TOKEN_LENGTH = 16_384;

/** Body of `POST /v1/entity-grants/renewals` and `POST /v1/upload-grants/renewals`. */
export const GrantRenewalRequest = z
  .strictObject({
    token: z.string().min(1).max(MAX_TOKEN_LENGTH).meta({
      description: "The grant's token, which may have ended within the last seven days",
    }),
    expiresInSeconds: GrantSeconds,
  })
  .meta({ id: "GrantRenewalRequest" });
export type GrantRenewalRequest = z.infer<typeof GrantRenewalRequest>;
