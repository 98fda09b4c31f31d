import type { Disposition } from "#contract/api.ts";
import { AppError } from "#contract/errors.ts";
import type { ServableObject } from "../services/servable.ts";
import type { Validators } from "./conditions.ts";
import { isNotModified, isRangeWanted } from "./conditions.ts";
import type { ContentSource } from "./content.ts";
import {
  contentDisposition,
  contentType,
  failoverStatus,
  FILE_SECURITY_HEADERS,
  PREVIEW_POLICY,
  reprDigest,
} from "./headers.ts";
import type { RangeRequest } from "./range.ts";
import { parseRange } from "./range.ts";

/**
 * Of the bytes and not of the store that has them: a copy's tag is the primary's, and so is that of an object that was made
 * again of a copy, though its store gives it another.
 */
function validatorsOf(object: ServableObject): Validators {
  const tag = object.sha256 ?? object.etag ?? `${object.version}-${object.storedAtMs}-${object.sizeBytes}`;
  return { etag: `"${tag}"`, lastModifiedMs: object.storedAtMs };
}

function baseHeaders(object: ServableObject, disposition: Disposition, validators: Validators): Headers {
  const headers = new Headers({
    ...FILE_SECURITY_HEADERS,
    "Accept-Ranges": "bytes",
    // A browser may keep its copy but must ask again each time: a file can be deleted or blocked at any moment.
    "Cache-Control": "private, no-cache",
    "Content-Disposition": contentDisposition(disposition, object.mimeType, object.filename, object.origin),
    "Content-Type": contentType(object.mimeType),
    ETag: validators.etag,
    "Last-Modified": new Date(validators.lastModifiedMs).toUTCString(),
  });
  if (object.mimeType === "text/html") headers.set("Content-Security-Policy", PREVIEW_POLICY);
  if (object.sha256 !== null) headers.set("Repr-Digest", reprDigest(object.sha256));
  return headers;
}

function rangeOf(request: Request, object: ServableObject, validators: Validators): RangeRequest {
  // RFC 9110, 14.2: Range is defined for GET only.
  if (request.method !== "GET" || !isRangeWanted(request.headers, validators)) return { kind: "whole" };
  return parseRange(request.headers.get("Range"), object.sizeBytes);
}

/**
 * Answers GET and HEAD for bytes that may be served: conditions first, then range, then the bytes as a stream. Throws
 * `RANGE_NOT_SATISFIABLE`, `FILE_NOT_FOUND` when the object isn't the one that was scanned, and `STORE_UNAVAILABLE`.
 */
export async function serveObject(
  source: ContentSource,
  object: ServableObject,
  request: Request,
  disposition: Disposition,
): Promise<Response> {
  const validators = validatorsOf(object);
  const headers = baseHeaders(object, disposition, validators);
  if (isNotModified(request.headers, validators)) return new Response(null, { status: 304, headers });
  const range = rangeOf(request, object, validators);
  if (range.kind === "unsatisfiable") {
    throw new AppError("RANGE_NOT_SATISFIABLE", {
      headers: { "Content-Range": `bytes */${object.sizeBytes}` },
    });
  }
  return answerBytes(source, object, request.method === "HEAD", range, headers);
}

async function answerBytes(
  source: ContentSource,
  object: ServableObject,
  headersOnly: boolean,
  range: Exclude<RangeRequest, { kind: "unsatisfiable" }>,
  headers: Headers,
): Promise<Response> {
  const lengthBytes = range.kind === "part" ? range.length : object.sizeBytes;
  headers.set("Content-Length", String(lengthBytes));
  if (headersOnly) return new Response(null, { headers });
  const found = await source(object, range.kind === "part" ? range : undefined);
  if (found === undefined) throw new AppError("FILE_NOT_FOUND");
  if (found.failover !== undefined) headers.set("Cache-Status", failoverStatus(found.failover));
  if (range.kind === "whole") return new Response(found.body, { headers });
  const last = range.offset + range.length - 1;
  headers.set("Content-Range", `bytes ${range.offset}-${last}/${object.sizeBytes}`);
  return new Response(found.body, { status: 206, headers });
}
