import { z } from "zod";
import { AppError } from "./errors.ts";
import type { FileVersionRef } from "./ids.ts";

export const TUS_VERSION = "1.0.0";
export const UPLOADS_PATH = "/v1/uploads";

/**
 * An upload's own path; its last segment is the file's id. A file's first version has the plain path, its later ones
 * say which they are in front.
 */
export function uploadPath({ fileId, version }: Pick<FileVersionRef, "fileId" | "version">): string {
  return version === 1 ? `${UPLOADS_PATH}/${fileId}` : `${UPLOADS_PATH}/${version}/${fileId}`;
}

export const UPLOAD_CONTENT_TYPE = "application/offset+octet-stream";

export const REQUEST_METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"] as const;

/** Request headers a browser may send to us; the CORS preflight lists them. */
export const REQUEST_HEADERS = [
  "Authorization",
  "Content-Type",
  "Content-Digest",
  "Content-Disposition",
  "Content-Encoding",
  "Idempotency-Key",
  "If-Match",
  "If-Modified-Since",
  "If-None-Match",
  "If-Range",
  "Incremental",
  "Range",
  "Repr-Digest",
  "Tus-Resumable",
  "Upload-Checksum",
  "Upload-Complete",
  "Upload-Concat",
  "Upload-Defer-Length",
  "Upload-Draft-Interop-Version",
  "Upload-Length",
  "Upload-Metadata",
  "Upload-Offset",
  "Want-Repr-Digest",
  "X-HTTP-Method-Override",
  "X-Request-ID",
  "X-Requested-With",
  // W3C Trace Context and Baggage: what a page's tracing adds to its requests.
  "baggage",
  "traceparent",
  "tracestate",
] as const;

/** Response headers a browser may read. */
export const EXPOSED_HEADERS = [
  "Accept-Patch",
  "Accept-Ranges",
  "Allow",
  "Causeway-Warning",
  "Content-Disposition",
  "Content-Range",
  "ETag",
  "Location",
  "Repr-Digest",
  "Retry-After",
  "Tus-Checksum-Algorithm",
  "Tus-Extension",
  "Tus-Max-Size",
  "Tus-Resumable",
  "Tus-Version",
  "Upload-Complete",
  "Upload-Concat",
  "Upload-Defer-Length",
  "Upload-Expires",
  "Upload-Length",
  "Upload-Limit",
  "Upload-Metadata",
  "Upload-Offset",
  "WWW-Authenticate",
  "X-Request-ID",
] as const;

/**
 * A size or an offset from a header: a safe integer ≥ 0 that prints back as the same text ("5", not "05", "5.0",
 * "0x5" or "5abc"). Undefined for anything else.
 */
export function parseHeaderInteger(text: string): number | undefined {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || String(value) !== text) return undefined;
  return value;
}

/** Longest Upload-Metadata we take: it is kept with the upload and echoed in a header. */
export const MAX_METADATA_LENGTH = 8_192;

const MetadataHeader = z.string().max(MAX_METADATA_LENGTH);
const METADATA_KEY = /^[\x21-\x2b\x2d-\x7e]+$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function metadataError(detail: string): AppError {
  return new AppError("UPLOAD_METADATA_INVALID", { detail });
}

function decodeValue(key: string, encoded: string): string {
  if (!BASE64.test(encoded)) throw metadataError(`The value of "${key}" is not base64.`);
  const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new AppError("UPLOAD_METADATA_INVALID", {
      detail: `The value of "${key}" is not UTF-8 text.`,
      cause,
    });
  }
}

/**
 * `Upload-Metadata` as tus 1.0 writes it (Creation, "Upload-Metadata"): pairs separated by commas, key and base64 value
 * by one space; a key may stand alone. Throws `UPLOAD_METADATA_INVALID`.
 */
export function parseUploadMetadata(header: string): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  if (header === "") return metadata;
  if (!MetadataHeader.safeParse(header).success) {
    throw metadataError(`Upload-Metadata is longer than ${MAX_METADATA_LENGTH} characters.`);
  }
  for (const pair of header.split(",")) {
    const [key = "", encoded = "", ...rest] = pair.replace(/^[ \t]+/, "").split(" ");
    if (!METADATA_KEY.test(key)) throw metadataError("A key is empty or has a character it can't have.");
    if (rest.length > 0) throw metadataError(`"${key}" has more than one value.`);
    if (metadata.has(key)) throw metadataError(`"${key}" is there twice.`);
    metadata.set(key, decodeValue(key, encoded));
  }
  return metadata;
}
