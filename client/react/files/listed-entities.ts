import type { FileRecord } from "#contract/api.ts";

/** Something that files are attached to, as the host calls it. */
export interface ListedEntity {
  readonly entityType: string;
  readonly entityId: string;
  readonly label: string;
  /** Whether all who may see it may read what is attached to it: a tenant's `entityAccess`, where it is `tenant`. */
  readonly isReadByAll?: boolean;
}

type Attached = Partial<Pick<FileRecord, "entityType" | "entityId">>;

/** An entity as one text, for a choice's value. */
export function keyOfEntity({ entityType, entityId }: Pick<ListedEntity, "entityType" | "entityId">): string {
  return `${entityType}/${entityId}`;
}

/** What a file is attached to, where the host has a name for it. */
export function entityOf(
  { entityType, entityId }: Attached,
  entities: readonly ListedEntity[],
): ListedEntity | undefined {
  return entities.find((each) => each.entityType === entityType && each.entityId === entityId);
}

/** What all who may read a file see it with; undefined where that isn't so, or isn't known. */
export function seenWith(file: Attached, entities: readonly ListedEntity[]): string | undefined {
  const entity = entityOf(file, entities);
  return entity?.isReadByAll === true ? entity.label : undefined;
}
