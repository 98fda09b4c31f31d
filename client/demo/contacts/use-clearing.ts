import { useCallback, useEffect, useRef } from "react";
import type { Upload, UploadMeta } from "../../index.ts";
import type { CausewayClient } from "../../react/index.ts";
import { type Checks, checksOf } from "../../react/uploader/checks.ts";
import { isFinished, isRunning, uploadsOf } from "../../react/uploader/summary.ts";

/** Long enough to be read before it goes. */
const SHOWN_MS = 3_000;

function isOnItsWay(upload: Upload, checks: Checks): boolean {
  const { kind } = upload.state;
  if (isRunning(upload) || kind === "verifying") return true;
  const check = checks.of(upload);
  return kind === "uploaded" && (check === undefined || check.kind === "checking");
}

/** Takes what has passed its check off the uploader when nothing is on its way any more: it is in the list below. */
function clearFinished({ uploads }: CausewayClient, meta: UploadMeta, checks: Checks): void {
  const ours = uploadsOf(uploads.uploads, meta);
  if (ours.some((upload) => isOnItsWay(upload, checks))) return;
  // A row that has the focus stays, and can be taken off by hand.
  const row = document.activeElement?.closest(".cw-upload") ?? null;
  if (row !== null) return;
  for (const upload of ours) if (isFinished(upload, checks)) uploads.remove(upload);
}

/** For an uploader's `onSettled`: a batch is left whole until all of it has come to its end, and then goes at once. */
export function useClearing(client: CausewayClient, meta: UploadMeta): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => clearFinished(client, meta, checksOf(client)), SHOWN_MS);
  }, [client, meta]);
}
