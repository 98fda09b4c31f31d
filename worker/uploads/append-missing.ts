import { appendBody } from "./append-body.ts";
import { isComplete } from "./state/phases.ts";

import type { Upload } from "./upload.ts";
import type { AppendRequest } from "./writing/append.ts";

/** A body that is an upload from its first byte on. */
export type WholeBody = Omit<AppendRequest, "source" | "hold">;

/**
 * Appends what an upload hasn't of a body that begins where the upload does: its creation again, because the answer was
 * lost. Nothing of a body whose digests are told and of which a part is there: they couldn't be compared. Throws as
 * `Upload.append`, and leaves the upload as it is then.
 */
export async function appendMissing(
  upload: Upload,
  body: ReadableStream<Uint8Array> | null,
  whole: WholeBody,
  maxAppendBytes: number,
): Promise<void> {
  const hold = await upload.take();
  try {
    const { offsetBytes } = upload;
    if (isComplete(upload.requireState()) || !bringsMore(whole, offsetBytes)) return;
    const bodyBytes = whole.bodyBytes === null ? null : whole.bodyBytes - offsetBytes;
    const place = { offsetBytes, maxAppendBytes, isCreation: false, skipBytes: offsetBytes };
    await appendBody(upload, body, { ...whole, bodyBytes, hold }, place);
  } finally {
    hold.release();
  }
}

/** Whether a body has, or may have, more than the upload; its end counts too where it is that of the upload. */
function bringsMore({ bodyBytes, completion, digests }: WholeBody, offsetBytes: number): boolean {
  if (offsetBytes > 0 && digests.length > 0) return false;
  if (bodyBytes === null || bodyBytes > offsetBytes) return true;
  return bodyBytes === offsetBytes && completion === "with-this";
}
