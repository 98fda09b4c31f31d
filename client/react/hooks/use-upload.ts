import { useCallback, useRef, useSyncExternalStore } from "react";
import type { UploadProgress, UploadState } from "../../core/types.ts";
import type { Upload } from "../../core/upload.ts";

export interface UploadView {
  readonly state: UploadState;
  readonly progress: UploadProgress;
}

/** One upload as it is now; renders with every change of its own. */
export function useUpload(upload: Upload): UploadView {
  const last = useRef<UploadView>(undefined);
  const subscribe = useCallback((listener: () => void) => upload.subscribe(listener), [upload]);
  const read = useCallback(() => {
    const { state, progress } = upload;
    // Both are replaced when they change.
    if (last.current?.state !== state || last.current.progress !== progress)
      last.current = { state, progress };
    return last.current;
  }, [upload]);
  return useSyncExternalStore(subscribe, read, read);
}
