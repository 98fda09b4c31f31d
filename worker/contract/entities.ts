import { z } from "zod";

/** What files of a CRM belong to. A tenant may have others. */
export const ENTITY_TYPES = ["contact", "lead", "company", "email", "activity", "document"] as const;

/** Who of a tenant sees what is attached to an entity. */
export const ENTITY_ACCESS = ["owner", "tenant"] as const;
export const EntityAccess = z.enum(ENTITY_ACCESS);
export type EntityAccess = z.infer<typeof EntityAccess>;

/** The type of what a file belongs to: one of the usual ones, or a tenant's own by the same pattern. */
export const EntityType = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,63}$/)
  .meta({ description: `${ENTITY_TYPES.join(", ")}, or another: a letter, then letters, digits, - and _` });
