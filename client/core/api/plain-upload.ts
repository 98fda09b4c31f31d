import type { ApiRequest } from "../http.ts";
import { keyHeader, type MakingOptions } from "./idempotency.ts";

/** A file that is sent in one request. */
export interface PlainFile {
  readonly filename: string;
  /** A stream is sent once, and not again when nobody answers. */
  readonly content: Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | string | ReadableStream<Uint8Array>;
  /** The blob's own where it isn't said, or by the name's ending. */
  readonly mimeType?: string | undefined;
  readonly entityType?: string | undefined;
  readonly entityId?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Id of the file that this one becomes a new version of. */
  readonly replaces?: string | undefined;
}

/** What may be in a value of RFC 8187 as it is, of what `encodeURIComponent` leaves. */
function encodeName(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Commas separate tags where a file is sent. */
function tagsOf(tags: readonly string[] | undefined): string | undefined {
  if (tags?.some((tag) => tag.includes(","))) throw new RangeError("A tag has no comma in it");
  return tags === undefined || tags.length === 0 ? undefined : tags.join(",");
}

/** `POST /v1/files`. @throws RangeError for a tag with a comma, which would be two */
export function plainUploadRequest(file: PlainFile, options: MakingOptions): ApiRequest {
  const { filename, content, mimeType, entityType, entityId, tags, replaces } = file;
  // fetch would say of a text that it is text/plain, whatever the file's name says.
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const type = mimeType ?? (content instanceof Blob ? content.type : "");
  return {
    method: "POST",
    path: "/v1/files",
    query: { entityType, entityId, tags: tagsOf(tags), replaces },
    headers: {
      "Content-Disposition": `attachment; filename*=UTF-8''${encodeName(filename)}`,
      ...(type === "" ? {} : { "Content-Type": type }),
      ...keyHeader(options),
    },
    content: bytes,
  };
}
