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
 * `Content-Type`; where those say nothing, by tus's `Upload-Metadata`; in a content coding, it is what the coding makes of
 * it. Throws `UPLOAD_LENGTH_CONFLICT` where `Upload-Length` and the length of a completing body differ,
 * `FILE_TYPE_REFUSED` for a coding that isn't taken, and `UPLOAD_METADATA_INVALID`.
 */
export function parseIetfCreation(request: Request): IetfCreation {
  const { headers } = request;
  const metadata = new Map(parseUploadMetadata(headers.get("Upload-Metadata") ?? ""));
  const coding = headers.get("Content-Encoding");
  const { filename, type } = requireGzipOrPlain(coding, declaredFile(headers, metadata));
  metadata.set("filename", filename);
  if (type !== "") metadata.set("filetype", type);
  const query = new URL(request.url).searchParams;
  for (const key of QUERY_KEYS) {
    const value = query.get(key);
    if (value !== null) metadata.set(key, value);
  }
  return {
    metadata,
    lengthBytes: parseLength(request),
    reprDigests: parseReprDigests(headers),
    wantedDigest: parseWantedDigest(headers),
  };
}

interface DeclaredFile {
  readonly filename: string;
  /** Empty where there is none. */
  readonly type: string;
}

function declaredFile(headers: Headers, metadata: ReadonlyMap<string, string>): DeclaredFile {
  const sent = bareMediaType(headers.get("Content-Type") ?? "");
  // That of an append says nothing of the file: clients of older drafts send it with their first bytes too.
  const isOfFile = sent !== "" && sent !== PARTIAL_UPLOAD_TYPE;
  const type = isOfFile ? sent : bareMediaType(metadata.get("filetype") ?? "");
  const named = parseFilename(headers.get("Content-Disposition")) ?? metadata.get("filename");
  return { filename: named ?? `upload${defaultExtension(type)}`, type };
}

/**
 * A file as it comes in a content coding: bytes in gzip are stored, checked and served as the gzip that they are, and have
 * its name and type. RFC 9110, 8.4: a coding that isn't taken is answered 415, with those that are.
 */
function requireGzipOrPlain(coding: string | null, { filename, type }: DeclaredFile): DeclaredFile {
  const name = (coding ?? "").trim().toLowerCase();
  if (name === "" || name === "identity") return { filename, type };
  if (name === "gzip" || name === "x-gzip") {
    return {
      filename: /\.t?gz$/i.test(filename) ? filename : `${filename}.gz`,
      type: "application/gzip",
    };
  }
  throw new AppError("FILE_TYPE_REFUSED", {
    detail: "Of content codings only gzip is accepted.",
    headers: { "Accept-Encoding": "gzip, identity" },
  });
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
