import { useCallback, useEffect, useState } from "react";
import { ApiError } from "../../core/problem.ts";
import type { UnfinishedUpload, UploadMeta } from "../../core/types.ts";
import type { Uploader } from "../../core/uploader.ts";
import { isOfPlace } from "./earlier.ts";

export interface PreviousState {
  readonly found: readonly UnfinishedUpload[];
  /** One that another tab sends stays: its name is in `goesOnElsewhere` then. */
  discard(upload: UnfinishedUpload): void;
  readonly goesOnElsewhere: string | undefined;
  dismissElsewhere(): void;
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
 * @param known whatever changes when an upload is begun, ends or goes: they are looked for anew, and when their user comes
 * to this tab, since another may send them by now, or no longer
 */
export function usePrevious(uploader: Uploader, meta: UploadMeta, known: string): PreviousState {
  const [goesOnElsewhere, setElsewhere] = useState<string>();
  const [found, setFound] = useState<readonly UnfinishedUpload[]>([]);
  const look = useCallback(async () => {
    // Without storage there is nothing of an earlier visit.
    const all = await uploader.findPrevious().catch(() => []);
    return all.filter((each) => isOfPlace(each, meta));
  }, [uploader, meta]);
  useEffect(() => {
    let isCurrent = true;
    const lookAgain = () => void look().then((uploads) => isCurrent && setFound(uploads));
    lookAgain();
    addEventListener("focus", lookAgain);
    return () => {
      isCurrent = false;
      removeEventListener("focus", lookAgain);
    };
  }, [look, known]);
  const forget = (gone: ReadonlySet<UnfinishedUpload>) =>
    setFound((uploads) => uploads.filter((each) => !gone.has(each)));
  return {
    found,
    discard(upload) {
      forget(new Set([upload]));
      setElsewhere(undefined);
      upload.discard().catch((error: unknown) => {
        if (error instanceof ApiError && error.problem.code === "UPLOAD_ELSEWHERE")
          setElsewhere(upload.filename);
        // What couldn't be deleted comes back when it is looked for.
      });
    },
    goesOnElsewhere,
    dismissElsewhere: () => setElsewhere(undefined),
    async resumeFound() {
      const resumable = found.filter(({ canResume }) => canResume);
      const done = await resumeAll(resumable);
      forget(new Set(resumable.filter((_upload, index) => done[index])));
      return resumable.length < found.length || done.includes(false);
    },
  };
}
