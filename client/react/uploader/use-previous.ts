import { useCallback, useEffect, useState } from "react";
import type { UnfinishedUpload, UploadMeta } from "../../core/types.ts";
import type { Uploader } from "../../core/uploader.ts";

/**
 * Uploads of earlier visits to the same place.
 * @param known whatever changes when an upload is begun, ends or goes: they are looked for anew
 */
export function usePrevious(uploader: Uploader, { entityType, entityId }: UploadMeta, known: number) {
  const [found, setFound] = useState<readonly UnfinishedUpload[]>([]);
  const look = useCallback(async () => {
    // Without storage there is nothing of an earlier visit.
    const all = await uploader.findPrevious().catch(() => []);
    return all.filter((each) => each.entityType === entityType && each.entityId === entityId);
  }, [uploader, entityType, entityId]);
  useEffect(() => {
    let isCurrent = true;
    void look().then((uploads) => isCurrent && setFound(uploads));
    return () => {
      isCurrent = false;
    };
  }, [look, known]);
  const discard = (upload: UnfinishedUpload) => {
    setFound((uploads) => uploads.filter((each) => each !== upload));
    void upload.discard();
  };
  return { found, discard };
}
