import { useSyncExternalStore } from "react";
import type { Upload } from "../../core/upload.ts";
import type { Uploader } from "../../core/uploader.ts";
import { useClient } from "../use-client.ts";

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
  uploader.subscribe(() => {
    current = undefined;
    for (const listener of listeners) listener();
  });
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
