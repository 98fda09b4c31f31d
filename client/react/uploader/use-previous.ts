import { useCallback, useEffect, useState } from "react";
import type { UnfinishedUpload, UploadMeta } from "../../core/types.ts";
import type { Uploader } from "../../core/uploader.ts";
import { isOfPlace } from "./earlier.ts";

export interface PreviousState {
  readonly found: readonly UnfinishedUpload[];
  discard(upload: UnfinishedUpload): void;
  /**
   * Goes on with those whose files the browser finds again; call it in a click, since it may ask for permission.
   * @returns whether files have to be chosen for others
   */
  resumeFound(): Promise<boolean>;
}

/** Asks for one file's permission after the other; false for what is refused or not there any more. */
async function resumeAll(uploads: readonly UnfinishedUpload[]): Promise<readonly boolean[]> {
  const done: boolean[] = [];
  for (const upload of uploads) {
    done.push(
      await upload.resume().then(
        () => true,
        () => false,
      ),
    );
  }
  return done;
}

/**
 * Uploads of earlier visits to the same place.
 * @param known whatever changes when an upload is begun, ends or goes: they are looked for anew
 */
export function usePrevious(uploader: Uploader, meta: UploadMeta, known: number): PreviousState {
  const [found, setFound] = useState<readonly UnfinishedUpload[]>([]);
  const look = useCallback(async () => {
    // Without storage there is nothing of an earlier visit.
    const all = await uploader.findPrevious().catch(() => []);
    return all.filter((each) => isOfPlace(each, meta));
  }, [uploader, meta]);
  useEffect(() => {
    let isCurrent = true;
    void look().then((uploads) => isCurrent && setFound(uploads));
    return () => {
      isCurrent = false;
    };
  }, [look, known]);
  const forget = (gone: ReadonlySet<UnfinishedUpload>) =>
    setFound((uploads) => uploads.filter((each) => !gone.has(each)));
  return {
    found,
    discard(upload) {
      forget(new Set([upload]));
      // One that another tab has begun to send meanwhile stays, and comes back when it is looked for.
      upload.discard().catch(() => {});
    },
    async resumeFound() {
      const resumable = found.filter(({ canResume }) => canResume);
      const done = await resumeAll(resumable);
      forget(new Set(resumable.filter((_upload, index) => done[index])));
      return resumable.length < found.length || done.includes(false);
    },
  };
}
