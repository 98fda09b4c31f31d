import { useCallback, useEffect, useRef, useState } from "react";
import type { Upload } from "../../core/upload.ts";
import type { Uploader } from "../../core/uploader.ts";
import type { Checks } from "./checks.ts";
import { isReady } from "./summary.ts";

export interface Filed {
  /** Of the batch, ready and no longer listed. */
  readonly count: number;
  /** Those that their user takes off. */
  leaveOut(uploads: readonly Upload[]): void;
  forget(): void;
}

/**
 * How many of a batch are filed and were taken off the list for their user: who has added forty is told of forty.
 * @param uploads those of one place
 */
export function useFiled(uploader: Uploader, uploads: readonly Upload[], checks: Checks): Filed {
  const [count, setCount] = useState(0);
  const listed = useRef<readonly Upload[]>([]);
  useEffect(() => {
    // What isn't listed here may be that of another place by now.
    const kept = new Set(uploader.uploads);
    const gone = listed.current.filter((upload) => !kept.has(upload) && isReady(upload, checks));
    listed.current = uploads;
    if (gone.length > 0) setCount((before) => before + gone.length);
  }, [uploader, uploads, checks]);
  const leaveOut = useCallback((gone: readonly Upload[]) => {
    listed.current = listed.current.filter((upload) => !gone.includes(upload));
  }, []);
  const forget = useCallback(() => setCount(0), []);
  return { count, leaveOut, forget };
}
