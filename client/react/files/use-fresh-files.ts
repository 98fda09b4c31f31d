import { useEffect, useMemo } from "react";
import type { FileRecord } from "#contract/api.ts";
import { useLive } from "../hooks/use-live.ts";
import { isLively } from "../timeline/steps.ts";
import { useClient } from "../use-client.ts";
import type { FileStore } from "./file-store.ts";

const FIRST_POLL_MS = 1_000;
const SLOWEST_POLL_MS = 15_000;
const POLL_GROWTH = 1.5;
/** More than these are asked for by their list. */
const MAX_SINGLE = 5;

const COMING_OR_GOING: ReadonlySet<string> = new Set(["file.deleted", "file.restored", "file.purged"]);

/** Looks again and again, ever more slowly, at the files that something is to happen to. */
function follow(store: FileStore, ids: readonly string[]): () => void {
  let delayMs = FIRST_POLL_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const look = async () => {
    if (document.visibilityState === "visible") {
      const asked = ids.length > MAX_SINGLE ? [store.refresh()] : ids.map((id) => store.update(id));
      await Promise.allSettled(asked);
    }
    delayMs = Math.min(SLOWEST_POLL_MS, delayMs * POLL_GROWTH);
    if (!isOver) timer = setTimeout(() => void look(), delayMs);
  };
  timer = setTimeout(() => void look(), delayMs);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** Follows what becomes of a list's files, and shows an upload's as soon as it is one. */
export function useFreshFiles(store: FileStore, files: readonly FileRecord[]): void {
  const { uploads } = useClient();
  const lively = useMemo(
    () =>
      files
        .filter(isLively)
        .map(({ id }) => id)
        .join(),
    [files],
  );
  const known = useMemo(() => new Set<string>(files.map(({ id }) => id)), [files]);
  useLive(({ type, data: { fileId } = {} }) => {
    // The first reset comes with the first list.
    if (type === "reset" && store.state.phase.kind === "ready") void store.refresh();
    if (fileId === undefined || !type.startsWith("file.")) return;
    // What leaves the list, or comes to it, is the server's to say.
    if (known.has(fileId) && !COMING_OR_GOING.has(type)) void store.update(fileId).catch(() => undefined);
    else void store.refresh();
  });
  useEffect(() => (lively === "" ? undefined : follow(store, lively.split(","))), [store, lively]);
  useEffect(() => {
    const countDone = () => uploads.uploads.filter(({ state }) => state.kind === "uploaded").length;
    let done = countDone();
    return uploads.subscribe(() => {
      const before = done;
      done = countDone();
      if (done > before) void store.refresh();
    });
  }, [store, uploads]);
}
