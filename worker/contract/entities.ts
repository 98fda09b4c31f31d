import { z } from "zod";

/** What files of a CRM belong to. A tenant may have others. */
export const ENTITY_TYPES = ["contact", "lead", "company", "email", "activity", "document"] as const;

/** One entity of a tenant's. */
export interface EntityRef {
  readonly entityType: string;
  readonly entityId: string;
}

/** Who of a tenant sees what is attached to an entity. */
export const ENTITY_ACCESS = ["owner", "tenant"] as const;
export const EntityAccess = z.enum(ENTITY_ACCESS);
export type EntityAccess = z.infer<typeof EntityAccess>;

/** Longest id of an entity, in characters. */
const MAX_ENTITY_LENGTH = 128;

/**
 * The id of what a file belongs to. A list may be asked for a type by it too: files may have some from before all had to be
 * as `EntityType` says.
 */
export const EntityName = z.string().min(1).max(MAX_ENTITY_LENGTH);

/** The type of what a file belongs to: one of the usual ones, or a tenant's own by the same pattern. */
export const EntityType = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,63}$/, "is a small letter, then small letters, digits, - and _")
  .meta({ description: `${ENTITY_TYPES.join(", ")}, or another: a letter, then letters, digits, - and _` });

/** What a file belongs to, as far as it is said. */
interface EntityFields {
  readonly entityType?: string | null | undefined;
  readonly entityId?: string | null | undefined;
}

/** An entity is its type and its id, and none is null for both, or nothing of either. */
export function checkEntity({ entityType, entityId }: EntityFields, context: z.RefinementCtx): void {
  if (entityType === undefined && entityId === undefined) return;
  for (const [path, own, other] of [
    ["entityType", entityType, entityId],
    ["entityId", entityId, entityType],
  ] as const) {
    const isMissing = own === undefined || (own === null && other !== null && other !== undefined);
    if (isMissing) context.addIssue({ code: "custom", path: [path], message: "is needed with the other" });
  }
}
