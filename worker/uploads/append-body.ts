import { AppError } from "#contract/errors.ts";
import { bodyTooLarge } from "./request-body.ts";
import { isComplete } from "./state/upload-state.ts";
import type { Upload } from "./upload.ts";
import type { AppendRequest } from "./writing/append.ts";
import type { BodyEvent } from "./writing/body-source.ts";
import { BodySource } from "./writing/body-source.ts";

/** A body that doesn't tell its length: it ends, as one whose client has gone, where it is longer than it may be. */
class CappedBody extends BodySource {
  #leftBytes: number;
  #isTooLong = false;

  constructor(body: ReadableStream<Uint8Array> | null, maxBytes: number) {
    super(body);
    this.#leftBytes = maxBytes;
  }

  get isTooLong(): boolean {
    return this.#isTooLong;
  }

  override async read(): Promise<BodyEvent> {
    if (this.#isTooLong) return { kind: "cut" };
    const event = await super.read();
    if (event.kind !== "bytes") return event;
    const bytes = event.bytes.subarray(0, this.#leftBytes);
    this.#isTooLong = bytes.byteLength < event.bytes.byteLength;
    this.#leftBytes -= bytes.byteLength;
    return { kind: "bytes", bytes };
  }
}

export interface AppendPlace {
  /** Where the client says that the body belongs. */
  readonly offsetBytes: number;
  /** The most that one request may carry. */
  readonly maxAppendBytes: number;
  /** Whether the upload's address is only told by the answer. */
  readonly isCreation: boolean;
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
  { offsetBytes, maxAppendBytes, isCreation }: AppendPlace,
): Promise<number> {
  const capped = append.bodyBytes === null ? new CappedBody(body, maxAppendBytes) : undefined;
  const source = capped ?? new BodySource(body);
  try {
    upload.requireState();
    if (offsetBytes !== upload.offsetBytes) throw new AppError("UPLOAD_OFFSET_MISMATCH");
    const reached = await upload.append({ ...append, source });
    if (capped?.isTooLong === true && !isComplete(upload.requireState())) throw bodyTooLarge(maxAppendBytes);
    return reached;
  } finally {
    source.release();
    if (isCreation && source.endedEarly) upload.endUnlessAsked(append.hold);
  }
}
