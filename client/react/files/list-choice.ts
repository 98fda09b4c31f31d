import type { FileClass } from "#contract/file-types.ts";
import type { SortName } from "../texts/files-texts.ts";
import type { FilesQuery } from "./files-api.ts";

/** What somebody looks for in a list. */
export interface ListChoice {
  readonly search: string;
  readonly kind: FileClass | undefined;
  readonly state: FilesQuery["state"];
  readonly tags: readonly string[];
  readonly sort: SortName;
  readonly order: "asc" | "desc";
}

export const NO_CHOICE: ListChoice = {
  ...{ search: "", kind: undefined, state: undefined, tags: [] },
  ...{ sort: "date", order: "desc" },
};

/** Whether files are left out. */
export function isNarrowed({ search, kind, state, tags }: ListChoice): boolean {
  return search.trim() !== "" || kind !== undefined || state !== undefined || tags.length > 0;
}

export function withoutFilters(choice: ListChoice): ListChoice {
  return { ...choice, kind: undefined, state: undefined, tags: [] };
}

/** The other way round where it is sorted so already; names begin with A, dates and sizes with the newest and largest. */
export function sortedBy(choice: ListChoice, sort: SortName): ListChoice {
  const first = sort === "name" ? "asc" : "desc";
  const turned = choice.order === "asc" ? "desc" : "asc";
  return { ...choice, sort, order: choice.sort === sort ? turned : first };
}

/** What is asked for. The trash has an order of its own. */
export function queryOf(query: FilesQuery, choice: ListChoice): FilesQuery {
  const { search, kind, state, tags, sort, order } = choice;
  const words = search.trim();
  return {
    ...query,
    ...(words === "" ? {} : { q: words }),
    ...(kind === undefined ? {} : { class: kind }),
    ...(state === undefined ? {} : { state }),
    ...(tags.length === 0 ? {} : { tags: [...(query.tags ?? []), ...tags] }),
    ...(query.trash === "true" ? {} : { sort, order }),
  };
}
