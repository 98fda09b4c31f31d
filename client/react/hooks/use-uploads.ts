import { useSyncExternalStore } from "react";
import type { Upload } from "../../core/upload.ts";
import type { Uploader } from "../../core/uploader.ts";
import { useClient } from "../use-client.ts";

const INTERVAL_MS = 100;

/** Calls at once, and again after a while what was called for meanwhile: thousands of uploads may change in a second. */
function atMostEvery(intervalMs: number, call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;
  const run = () => {
    timer = undefined;
    if (!isDue) return;
    isDue = false;
    timer = setTimeout(run, intervalMs);
    call();
  };
  return () => {
    isDue = true;
    if (timer === undefined) run();
  };
}

interface Snapshots {
  subscribe(listener: () => void): () => void;
  read(): readonly Upload[];
}

const snapshots = new WeakMap<Uploader, Snapshots>();

/** The uploader's list as one that is replaced with every change, as React wants it; one for all who look. */
function snapshotsOf(uploader: Uploader): Snapshots {
  const known = snapshots.get(uploader);
  if (known !== undefined) return known;
  let current: readonly Upload[] | undefined;
  const listeners = new Set<() => void>();
  const tell = atMostEvery(INTERVAL_MS, () => {
    current = undefined;
    for (const listener of listeners) listener();
  });
  uploader.subscribe(tell);
  const made: Snapshots = {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    read() {
      current ??= [...uploader.uploads];
      return current;
    },
  };
  snapshots.set(uploader, made);
  return made;
}

/** Everything that the client's uploader has, as it is now; renders with every change, at most ten times a second. */
export function useUploads(): readonly Upload[] {
  const { subscribe, read } = snapshotsOf(useClient().uploads);
  return useSyncExternalStore(subscribe, read, read);
}
