import type { FileClass } from "#contract/file-types.ts";
import type { SortName } from "../texts/files-texts.ts";
import type { FilesQuery } from "./files-api.ts";
import type { ListedEntity } from "./listed-entities.ts";

/** What somebody looks for in a list. */
export interface ListChoice {
  readonly search: string;
  readonly kind: FileClass | undefined;
  readonly state: FilesQuery["state"];
  readonly tags: readonly string[];
  /** What they are attached to. */
  readonly entity: ListedEntity | undefined;
  readonly sort: SortName;
  readonly order: "asc" | "desc";
}

export const NO_CHOICE: ListChoice = {
  ...{ search: "", kind: undefined, state: undefined, tags: [], entity: undefined },
  ...{ sort: "date", order: "desc" },
};

/** Whether files are left out. */
export function isNarrowed(choice: ListChoice): boolean {
  return choice.search.trim() !== "" || isFiltered(choice);
}

/** Whether by more than words. */
export function isFiltered({ kind, state, tags, entity }: ListChoice): boolean {
  return kind !== undefined || state !== undefined || tags.length > 0 || entity !== undefined;
}

export function withoutFilters(choice: ListChoice): ListChoice {
  return { ...choice, kind: undefined, state: undefined, tags: [], entity: undefined };
}

/** The other way round where it is sorted so already; names begin with A, dates and sizes with the newest and largest. */
export function sortedBy(choice: ListChoice, sort: SortName): ListChoice {
  const first = sort === "name" ? "asc" : "desc";
  const turned = choice.order === "asc" ? "desc" : "asc";
  return { ...choice, sort, order: choice.sort === sort ? turned : first };
}

/** What is asked for. The trash has an order of its own. */
export function queryOf(query: FilesQuery, choice: ListChoice): FilesQuery {
  const { search, kind, state, tags, entity, sort, order } = choice;
  const words = search.trim();
  return {
    ...query,
    ...(words === "" ? {} : { q: words }),
    ...(kind === undefined ? {} : { class: kind }),
    ...(state === undefined ? {} : { state }),
    ...(tags.length === 0 ? {} : { tags: [...(query.tags ?? []), ...tags] }),
    ...(entity === undefined ? {} : { entityType: entity.entityType, entityId: entity.entityId }),
    ...(query.trash === "true" ? {} : { sort, order }),
  };
}
