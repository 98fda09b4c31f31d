import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { useClient } from "../use-client.ts";
import type { FilesState } from "./file-pages.ts";
import { createFileStore, type FileStore } from "./file-store.ts";
import type { FilesQuery } from "./files-api.ts";
import { useFreshFiles } from "./use-fresh-files.ts";

export interface FilesView extends FilesState {
  readonly store: FileStore;
  /** Whether these are still those of the query before. */
  readonly isStale: boolean;
}

/**
 * The files that a query has, by pages; `store` loads more and changes them. While another query is being answered, what
 * there was stays. What is still to happen to a file is followed by itself.
 */
export function useFiles(query: FilesQuery = {}): FilesView {
  const client = useClient();
  const key = JSON.stringify(query);
  const store = useMemo(() => createFileStore(client.files, JSON.parse(key) as FilesQuery), [client, key]);
  const state = useSyncExternalStore(store.subscribe, () => store.state);
  useEffect(() => store.open(), [store]);
  useFreshFiles(store, state.files, query.trash === "true");
  const [last, setLast] = useState<FilesState>();
  if (isKnown(state) && state !== last) setLast(state);
  const isStale = state.phase.kind === "loading" && last !== undefined;
  const shown: FilesState = isStale ? { ...last, phase: { kind: "refreshing" } } : state;
  return { ...shown, store, isStale };
}

/** Whether there are these files, or none: of what couldn't be loaded nothing is known. */
function isKnown({ phase, files }: FilesState): boolean {
  return phase.kind !== "loading" && (phase.kind !== "failed" || files.length > 0);
}
