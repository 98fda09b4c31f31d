import { AppError } from "#contract/errors.ts";
import { bodyTooLarge } from "./request-body.ts";
import { isComplete } from "./state/phases.ts";

import type { Upload } from "./upload.ts";
import type { AppendRequest } from "./writing/append.ts";
import type { BodyEvent } from "./writing/body-source.ts";
import { BodySource } from "./writing/body-source.ts";

/**
 * A request's body as far as the upload is to have it: without a beginning that is there already, and ending, as one whose
 * client has gone, where it is longer than one request may be.
 */
class RequestBody extends BodySource {
  #skipBytes: number;
  #leftBytes: number;
  #isTooLong = false;

  constructor(body: ReadableStream<Uint8Array> | null, skipBytes: number, maxBytes: number) {
    super(body);
    this.#skipBytes = skipBytes;
    this.#leftBytes = maxBytes;
  }

  get isTooLong(): boolean {
    return this.#isTooLong;
  }

  override async read(): Promise<BodyEvent> {
    if (this.#isTooLong) return { kind: "cut" };
    for (;;) {
      const event = await super.read();
      // What ends within its beginning ends nothing of the upload.
      if (event.kind !== "bytes") return this.#skipBytes > 0 ? { kind: "cut" } : event;
      const allowed = event.bytes.subarray(0, this.#leftBytes);
      this.#isTooLong = allowed.byteLength < event.bytes.byteLength;
      this.#leftBytes -= allowed.byteLength;
      const bytes = allowed.subarray(this.#skipBytes);
      this.#skipBytes -= allowed.byteLength - bytes.byteLength;
      if (bytes.byteLength > 0 || this.#isTooLong) return { kind: "bytes", bytes };
    }
  }
}

export interface AppendPlace {
  /** Where the client says that the body belongs. */
  readonly offsetBytes: number;
  /** The most that one request may carry. */
  readonly maxAppendBytes: number;
  /** Whether the upload's address is only told by the answer. */
  readonly isCreation: boolean;
  /** How much of the body the upload has already. */
  readonly skipBytes?: number;
}

/** A plain source is what an append usually has: nothing is between it and its bytes. */
function openBody(
  body: ReadableStream<Uint8Array> | null,
  bodyBytes: number | null,
  { maxAppendBytes, skipBytes = 0 }: AppendPlace,
): BodySource {
  if (bodyBytes !== null && skipBytes === 0) return new BodySource(body);
  return new RequestBody(body, skipBytes, bodyBytes === null ? maxAppendBytes : Number.MAX_SAFE_INTEGER);
}

/**
 * Appends a request's body at `offsetBytes` to an upload that the request holds, and returns the new offset. One of an
 * unknown length that turns out to be longer than a request may carry is refused when that much has come: as much is kept
 * then, as of one that was cut. Throws `UPLOAD_OFFSET_MISMATCH`, and as `Upload.append`.
 */
export async function appendBody(
  upload: Upload,
  body: ReadableStream<Uint8Array> | null,
  append: Omit<AppendRequest, "source">,
  place: AppendPlace,
): Promise<number> {
  const { offsetBytes, maxAppendBytes, isCreation } = place;
  const source = openBody(body, append.bodyBytes, place);
  try {
    upload.requireState();
    if (offsetBytes !== upload.offsetBytes) throw new AppError("UPLOAD_OFFSET_MISMATCH");
    const reached = await upload.append({ ...append, source });
    if (source instanceof RequestBody && source.isTooLong && !isComplete(upload.requireState()))
      throw bodyTooLarge(maxAppendBytes);
    return reached;
  } finally {
    source.release();
    // One that was cut from here is told the address.
    if (isCreation && source.endedEarly && !source.wasCut) upload.endUnlessAsked(append.hold);
  }
}
