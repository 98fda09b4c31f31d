import { useCallback, useEffect, useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import { ApiError } from "../../core/problem.ts";
import { changedFileOf, useLive } from "../hooks/use-live.ts";
import { usePaced } from "../hooks/use-paced.ts";
import { isLively } from "../timeline/steps.ts";
import { useClient } from "../use-client.ts";

export interface FileView {
  /** As it was last told. */
  readonly file: FileRecord | undefined;
  /** Why it couldn't be asked for, while nothing is known of it. */
  readonly error: unknown;
  refresh(): void;
}

/**
 * One file as it is now: followed as long as something is to happen to it.
 * @param known what the caller knows of it already; a list's record is newer than what was asked for before
 */
export function useFile(fileId: string, known?: FileRecord): FileView {
  const { files } = useClient();
  const [asked, setAsked] = useState<FileRecord>();
  const [failed, setFailed] = useState<{ readonly of: string; readonly error: unknown }>();
  const own = asked?.id === fileId ? asked : undefined;
  const file = newerOf(own, known?.id === fileId ? known : undefined);
  const failure = failed?.of === fileId ? failed : undefined;
  const isFollowed = failure === undefined && (file === undefined || isLively(file));

  const fail = useCallback(
    (error: unknown) => {
      // What is gone, or was taken from the user, isn't shown as it was.
      if (error instanceof ApiError && error.problem.status === 404) setAsked(undefined);
      setFailed({ of: fileId, error });
    },
    [fileId],
  );

  useEffect(() => {
    if (!isFollowed) return undefined;
    const life = new AbortController();
    // It ends when nothing more happens to it by itself; what passes is tried again.
    files
      .waitUntil(fileId, (each) => !isLively(each), { signal: life.signal, onUpdate: setAsked })
      .catch((error: unknown) => {
        if (!life.signal.aborted) fail(error);
      });
    return () => life.abort();
  }, [files, fileId, isFollowed, fail]);

  const refresh = usePaced(fileId, async (signal) => {
    try {
      setAsked(await files.get(fileId, { signal }));
      setFailed(undefined);
    } catch (error) {
      if (!signal.aborted) fail(error);
    }
  });
  useLive((event) => {
    // Whoever follows it is told by itself.
    if (!isFollowed && (event.type === "reset" || changedFileOf(event) === fileId)) refresh();
  });
  return { file, error: file === undefined ? failure?.error : undefined, refresh };
}

function newerOf(one: FileRecord | undefined, other: FileRecord | undefined): FileRecord | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.updatedAt >= other.updatedAt ? one : other;
}
