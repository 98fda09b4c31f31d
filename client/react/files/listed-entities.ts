import type { FileRecord } from "#contract/api.ts";

/** Something that files are attached to, as the host calls it. */
export interface ListedEntity {
  readonly entityType: string;
  readonly entityId: string;
  readonly label: string;
}

/** An entity as one text, for a choice's value. */
export function keyOfEntity({ entityType, entityId }: Omit<ListedEntity, "label">): string {
  return `${entityType}/${entityId}`;
}

/** What a file is attached to, where the host has a name for it. */
export function entityOf(
  { entityType, entityId }: Pick<FileRecord, "entityType" | "entityId">,
  entities: readonly ListedEntity[],
): ListedEntity | undefined {
  return entities.find((each) => each.entityType === entityType && each.entityId === entityId);
}
