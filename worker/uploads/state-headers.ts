import { formatReprDigests, formatUploadLimit } from "./ietf/fields.ts";
import { isComplete } from "./state/phases.ts";

import type { Upload } from "./upload.ts";
import { mostBytesOf } from "./writing/part-size.ts";

/**
 * What HEAD tells of an upload, in the fields of both protocols at once: they share names and meanings, so what one
 * client began another can go on with. Throws as `Upload.requireState`.
 */
export function stateHeaders(upload: Upload): Headers {
  const state = upload.requireState();
  const headers = new Headers({
    "Cache-Control": "no-store",
    "Upload-Offset": String(upload.offsetBytes),
    "Upload-Complete": isComplete(state) ? "?1" : "?0",
    "Upload-Limit": formatUploadLimit(
      { maxSizeBytes: mostBytesOf(state), expiresAtMs: state.expiresAtMs },
      upload.nowMs,
    ),
  });
  if (state.lengthBytes !== null) headers.set("Upload-Length", String(state.lengthBytes));
  const digests = formatReprDigests(state.knownDigests);
  if (digests !== undefined) headers.set("Repr-Digest", digests);
  return headers;
}
