import { useCallback, useEffect, useRef, useState } from "react";
import type { UploadMeta } from "../../core/types.ts";
import type { Upload } from "../../core/upload.ts";
import type { Uploader } from "../../core/uploader.ts";
import type { Checks } from "./checks.ts";
import { isReady } from "./summary.ts";

export interface Filed {
  /** Of the place's batch, ready and no longer listed. */
  readonly count: number;
  /** Those that their user takes off. */
  leaveOut(uploads: readonly Upload[]): void;
  forget(): void;
}

/**
 * How many of a batch are filed and were taken off the list for their user: who has added forty is told of forty.
 * @param uploads those of one place
 * @param meta what makes it that place: each has a count of its own
 */
export function useFiled(
  uploader: Uploader,
  uploads: readonly Upload[],
  checks: Checks,
  meta: UploadMeta,
): Filed {
  const place = JSON.stringify(meta);
  const [counts, setCounts] = useState<ReadonlyMap<string, number>>(new Map());
  const listed = useRef<readonly Upload[]>([]);
  const listedAt = useRef(place);
  useEffect(() => {
    // What isn't listed here may be that of another place by now; what is may have been taken off since it was rendered.
    const kept = new Set(uploader.uploads);
    const gone = listed.current.filter((upload) => !kept.has(upload) && isReady(upload, checks));
    const goneFrom = listedAt.current;
    listed.current = uploads.filter((upload) => kept.has(upload));
    listedAt.current = place;
    if (gone.length === 0) return;
    setCounts((before) => new Map(before).set(goneFrom, (before.get(goneFrom) ?? 0) + gone.length));
  }, [uploader, uploads, checks, place]);
  const leaveOut = useCallback((gone: readonly Upload[]) => {
    listed.current = listed.current.filter((upload) => !gone.includes(upload));
  }, []);
  const forget = useCallback(() => setCounts((before) => new Map(before).set(place, 0)), [place]);
  return { count: counts.get(place) ?? 0, leaveOut, forget };
}
