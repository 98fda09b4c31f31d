import { AppError } from "#contract/errors.ts";
import { TUS_VERSION, UPLOAD_CONTENT_TYPE } from "#contract/tus.ts";
import type { UploadContext } from "../uploads/upload-context.ts";

type Protocol = UploadContext["protocol"];

/** Fields that only a tus client sends: with them, a missing `Tus-Resumable` is a fault and not another protocol. */
const TUS_FIELDS = ["Upload-Metadata", "Upload-Defer-Length", "Upload-Concat", "Upload-Checksum"] as const;

/**
 * Which protocol a request speaks. `Tus-Resumable` says tus; `Upload-Complete`, which tus doesn't have, says the IETF's,
 * whatever fields stand beside it. Without either, tus's own fields and its media type say tus, wrongly. All else is the
 * IETF's, whose plainest form is a request with nothing but a body; HEAD, GET and DELETE are the same in both.
 * Throws `TUS_VERSION_UNSUPPORTED`: such a request is not processed.
 */
export function protocolOf({ headers }: Request): Protocol {
  const version = headers.get("Tus-Resumable");
  if (version === TUS_VERSION) return "tus";
  if (version !== null) throw versionError("Another version of tus is asked for than there is");
  if (headers.has("Upload-Complete") || !speaksTus(headers)) return "ietf";
  throw versionError("The request has what only tus has, and no version of it");
}

function speaksTus(headers: Headers): boolean {
  const type = headers.get("Content-Type");
  return (
    TUS_FIELDS.some((name) => headers.has(name)) ||
    type === UPLOAD_CONTENT_TYPE ||
    (headers.has("Upload-Length") && type === null)
  );
}

function versionError(fault: string): AppError {
  return new AppError("TUS_VERSION_UNSUPPORTED", {
    detail: `${fault}: send "Tus-Resumable: ${TUS_VERSION}", or "Upload-Complete" for the IETF's protocol.`,
  });
}
