import { useEffect, useMemo, useRef } from "react";
import type { FileRecord } from "#contract/api.ts";
import type { LiveEvent, LiveReset } from "../../core/live.ts";
import { changedFileOf, type LiveEvents, useLive } from "../hooks/use-live.ts";
import { isLively } from "../timeline/steps.ts";
import { useClient } from "../use-client.ts";
import type { FileStore } from "./file-store.ts";
import { Refresher } from "./refresher.ts";

const FIRST_POLL_MS = 1_000;
const SLOWEST_POLL_MS = 15_000;
const POLL_GROWTH = 1.5;
/** Files are asked for so often though all is told: to tell it may have failed. */
const TOLD_POLL_MS = 30_000;

/** Looks again and again, ever more slowly, at the files that something is to happen to, where that isn't told. */
function follow(refresher: Refresher, ids: readonly string[], live: LiveEvents | undefined): () => void {
  let delayMs = FIRST_POLL_MS;
  let restMs = TOLD_POLL_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    restMs -= delayMs;
    const isTold = live?.state === "open" && restMs > 0;
    if (!isTold) restMs = TOLD_POLL_MS;
    if (!isTold && document.visibilityState === "visible") for (const id of ids) refresher.changed(id);
    delayMs = Math.min(SLOWEST_POLL_MS, delayMs * POLL_GROWTH);
    timer = setTimeout(look, delayMs);
  };
  timer = setTimeout(look, delayMs);
  return () => clearTimeout(timer);
}

/** Has a list follow what is told. */
function hear(
  event: LiveEvent | LiveReset,
  { state }: FileStore,
  refresher: Refresher,
  isTrash: boolean,
): void {
  // The first reset comes with the first list.
  if (event.type === "reset" && state.phase.kind !== "loading") refresher.list();
  const fileId = changedFileOf(event);
  if (fileId === undefined || event.type === "upload.created") return;
  const isKnown = state.files.some(({ id }) => id === fileId);
  if (event.type === "file.purged" || event.type === (isTrash ? "file.restored" : "file.deleted")) {
    if (isKnown) refresher.gone(fileId);
    return;
  }
  if (isKnown) refresher.changed(fileId);
  // What comes to the list, and where, is the server's to say.
  else refresher.list();
}

/** Follows what becomes of a list's files, and shows an upload's as soon as it is one. */
export function useFreshFiles(store: FileStore, files: readonly FileRecord[], isTrash: boolean): void {
  const { uploads, live } = useClient();
  const refresher = useRef<Refresher>(undefined);
  const lively = useMemo(
    () =>
      files
        .filter(isLively)
        .map(({ id }) => id)
        .join(),
    [files],
  );
  useEffect(() => {
    const life = new AbortController();
    refresher.current = new Refresher(store, life.signal);
    return () => life.abort();
  }, [store]);
  useLive((event) => {
    if (refresher.current !== undefined) hear(event, store, refresher.current, isTrash);
  });
  useEffect(
    () =>
      lively === "" || refresher.current === undefined
        ? undefined
        : follow(refresher.current, lively.split(","), live),
    [store, lively, live],
  );
  useEffect(() => {
    const countDone = () => uploads.uploads.filter(({ state }) => state.kind === "uploaded").length;
    let done = countDone();
    return uploads.subscribe(() => {
      const before = done;
      done = countDone();
      if (done > before) refresher.current?.list();
    });
  }, [store, uploads]);
}
