import { AppError } from "#contract/errors.ts";
import { bareMediaType, defaultExtension } from "#contract/file-types.ts";
import type { ReprDigestName, ReprDigests } from "#contract/jobs.ts";
import { parseUploadMetadata } from "#contract/tus.ts";
import { bodyBytesOf } from "../request-body.ts";
import {
  PARTIAL_UPLOAD_TYPE,
  parseBooleanField,
  parseFilename,
  parseIntegerField,
  parseReprDigests,
  parseWantedDigest,
} from "./fields.ts";

/** What an IETF creation declares; also that of a plain request, which is a complete one. */
export interface IetfCreation {
  readonly metadata: ReadonlyMap<string, string>;
  readonly lengthBytes: number | null;
  readonly reprDigests: ReprDigests;
  readonly wantedDigest: ReprDigestName | null;
}

/** Keys of Upload-Metadata that an IETF creation may say as query parameters. */
export const QUERY_KEYS = ["entityType", "entityId", "tags", "replaces"] as const;

/**
 * Reads a creation: named by `Content-Disposition` (without one, `upload` with the type's extension), typed by
 * `Content-Type`; where those and the query say nothing, by tus's `Upload-Metadata`. In a content coding, it is what the
 * coding makes of it. Throws `UPLOAD_LENGTH_CONFLICT` where `Upload-Length` and the length of a completing body differ,
 * `FILE_TYPE_REFUSED` for a coding that isn't taken, and `UPLOAD_METADATA_INVALID`.
 */
export function parseIetfCreation(request: Request): IetfCreation {
  const { headers } = request;
  const metadata = describedFile(request);
  if (isGzip(headers.get("Content-Encoding"))) describeAsGzip(metadata);
  return {
    metadata,
    lengthBytes: parseLength(request),
    reprDigests: parseReprDigests(headers),
    wantedDigest: parseWantedDigest(headers),
  };
}

/** What is said of the file, in the keys of Upload-Metadata. */
function describedFile({ headers, url }: Request): Map<string, string> {
  const metadata = new Map(parseUploadMetadata(headers.get("Upload-Metadata") ?? ""));
  const type = bareMediaType(headers.get("Content-Type") ?? "");
  // That of an append says nothing of the file: clients of older drafts send it with their first bytes too.
  if (type !== "" && type !== PARTIAL_UPLOAD_TYPE) metadata.set("filetype", type);
  const named = parseFilename(headers.get("Content-Disposition")) ?? metadata.get("filename");
  const ending = defaultExtension(bareMediaType(metadata.get("filetype") ?? ""));
  metadata.set("filename", named ?? `upload${ending}`);
  const query = new URL(url).searchParams;
  for (const key of QUERY_KEYS) {
    const value = query.get(key);
    if (value !== null) metadata.set(key, value);
  }
  return metadata;
}

/** RFC 9110, 8.4: a coding that isn't taken is answered 415, with those that are. */
function isGzip(coding: string | null): boolean {
  const name = (coding ?? "").trim().toLowerCase();
  if (name === "" || name === "identity") return false;
  if (name === "gzip" || name === "x-gzip") return true;
  throw new AppError("FILE_TYPE_REFUSED", {
    detail: "Of content codings only gzip is accepted.",
    headers: { "Accept-Encoding": "gzip, identity" },
  });
}

/** Bytes in gzip are stored, checked and served as the gzip that they are, and have its name and type. */
function describeAsGzip(metadata: Map<string, string>): void {
  const filename = metadata.get("filename") ?? "upload";
  metadata.set("filename", /\.t?gz$/i.test(filename) ? filename : `${filename}.gz`);
  metadata.set("filetype", "application/gzip");
}

function parseLength(request: Request): number | null {
  const declared = parseIntegerField(request.headers, "Upload-Length");
  const completes = parseBooleanField(request.headers, "Upload-Complete") ?? true;
  const implied = completes ? (bodyBytesOf(request) ?? undefined) : undefined;
  if (declared !== undefined && implied !== undefined && declared !== implied) {
    throw new AppError("UPLOAD_LENGTH_CONFLICT");
  }
  return declared ?? implied ?? null;
}
