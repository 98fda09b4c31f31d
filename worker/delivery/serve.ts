import type { Disposition } from "#contract/api.ts";
import { AppError } from "#contract/errors.ts";
import type { ServableObject } from "../services/servable.ts";
import type { ObjectReader } from "../storage/object-store.ts";
import type { Validators } from "./conditions.ts";
import { isNotModified, isRangeWanted } from "./conditions.ts";
import {
  contentDisposition,
  contentType,
  FILE_SECURITY_HEADERS,
  PREVIEW_POLICY,
  reprDigest,
} from "./headers.ts";
import type { RangeRequest } from "./range.ts";
import { parseRange } from "./range.ts";

function validatorsOf(object: ServableObject): Validators {
  const tag = object.etag ?? `${object.version}-${object.storedAtMs}-${object.sizeBytes}`;
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
  objects: ObjectReader,
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
  return answerBytes(objects, object, request.method === "HEAD", range, headers);
}

async function answerBytes(
  objects: ObjectReader,
  object: ServableObject,
  headersOnly: boolean,
  range: Exclude<RangeRequest, { kind: "unsatisfiable" }>,
  headers: Headers,
): Promise<Response> {
  const lengthBytes = range.kind === "part" ? range.length : object.sizeBytes;
  headers.set("Content-Length", String(lengthBytes));
  if (headersOnly) return new Response(null, { headers });
  const found = await objects.get(object.objectKey, {
    ...(object.etag === null ? {} : { etag: object.etag }),
    ...(range.kind === "part" ? { range } : {}),
  });
  if (found === undefined) throw new AppError("FILE_NOT_FOUND");
  if (range.kind === "whole") return new Response(found.body, { headers });
  const last = range.offset + range.length - 1;
  headers.set("Content-Range", `bytes ${range.offset}-${last}/${object.sizeBytes}`);
  return new Response(found.body, { status: 206, headers });
}
