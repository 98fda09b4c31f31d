import type { FileRecord } from "#contract/api.ts";
import type { BulkItem } from "#contract/file-changes.ts";

export type FilesPhase =
  /** Nothing is known yet. */
  | { readonly kind: "loading" }
  | { readonly kind: "ready" }
  /** The next page, or all of it anew, is on its way; what is there stays. */
  | { readonly kind: "more" | "refreshing" }
  | { readonly kind: "failed"; readonly error: unknown };

export interface FilesState {
  readonly files: readonly FileRecord[];
  readonly phase: FilesPhase;
  readonly hasMore: boolean;
}

/** What became of a change of many files. */
export interface ChangeOutcome {
  readonly done: readonly string[];
  readonly failed: readonly Extract<BulkItem, { ok: false }>[];
}

/** What of the files that are shown comes after those of a page: the page may have more, or fewer, than they had there. */
export function standingBehind(
  shown: readonly FileRecord[],
  page: readonly FileRecord[],
): readonly FileRecord[] {
  const places = new Map<string, number>(shown.map(({ id }, index) => [id, index]));
  const told = new Set(page.map(({ id }) => id));
  const last = page.findLast(({ id }) => places.has(id));
  // Between a page of nothing but new files and what is shown there may be others.
  if (last === undefined) return [];
  return shown.slice((places.get(last.id) ?? 0) + 1).filter(({ id }) => !told.has(id));
}

export function replaceTags(file: FileRecord, tags: readonly string[], action: "tag" | "untag"): FileRecord {
  const others = file.tags.filter((tag) => !tags.includes(tag));
  return { ...file, tags: action === "tag" ? [...others, ...tags] : others };
}
