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
  /** The media type of the bytes as they come, where it isn't the declared one: they may be coded. */
  readonly codedType: string | undefined;
  readonly reprDigests: ReprDigests;
  readonly wantedDigest: ReprDigestName | null;
}

/** Keys of Upload-Metadata that an IETF creation may say as query parameters. */
export const QUERY_KEYS = ["entityType", "entityId", "tags", "replaces"] as const;

/** Content codings that are taken, and what bytes in them are: they are stored, scanned and served as they came. */
const CODINGS: ReadonlyMap<string, string> = new Map([
  ["gzip", "application/gzip"],
  ["x-gzip", "application/gzip"],
]);

/**
 * Reads a creation: named by `Content-Disposition` (without one, `upload` with the type's extension), typed by
 * `Content-Type`; where those and the query say nothing, by tus's `Upload-Metadata`. Throws `UPLOAD_LENGTH_CONFLICT`
 * where `Upload-Length` and the length of a completing body differ, `FILE_TYPE_REFUSED` for a content coding that isn't
 * taken, and `UPLOAD_METADATA_INVALID`.
 */
export function parseIetfCreation(request: Request): IetfCreation {
  const { headers } = request;
  const metadata = describedFile(request);
  const coding = parseCoding(headers.get("Content-Encoding"));
  if (coding !== undefined) metadata.set("contentEncoding", coding.name);
  return {
    metadata,
    lengthBytes: parseLength(request),
    codedType: coding?.mediaType,
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
function parseCoding(header: string | null): { name: string; mediaType: string } | undefined {
  const name = (header ?? "").trim().toLowerCase();
  if (name === "" || name === "identity") return undefined;
  const mediaType = CODINGS.get(name);
  if (mediaType !== undefined) return { name, mediaType };
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
