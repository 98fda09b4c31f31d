import { AppError } from "#contract/errors.ts";
import { bareMediaType, defaultExtension } from "#contract/file-types.ts";
import { bodyBytesOf } from "../request-body.ts";
import { parseBooleanField, parseDigestField, parseFilename, parseIntegerField } from "./fields.ts";

/** What an IETF creation declares; also that of a plain request, which is a complete one. */
export interface IetfCreation {
  readonly metadata: ReadonlyMap<string, string>;
  readonly lengthBytes: number | null;
  /** Algorithm → base64, as in `Repr-Digest`. */
  readonly reprDigests: Readonly<Record<string, string>>;
}

/** Keys of Upload-Metadata that an IETF creation may say as query parameters. */
const QUERY_KEYS = ["entityType", "entityId", "tags", "replaces"] as const;

/**
 * Reads a creation: named by `Content-Disposition` (without one, `upload` with the type's extension), typed by
 * `Content-Type`. Throws `UPLOAD_LENGTH_CONFLICT` where `Upload-Length` and the length of a completing body differ.
 */
export function parseIetfCreation(request: Request): IetfCreation {
  const { headers } = request;
  const type = bareMediaType(headers.get("Content-Type") ?? "");
  const filename = parseFilename(headers.get("Content-Disposition")) ?? `upload${defaultExtension(type)}`;
  const query = new URL(request.url).searchParams;
  const metadata = new Map<string, string>([["filename", filename]]);
  if (type !== "") metadata.set("filetype", type);
  for (const key of QUERY_KEYS) {
    const value = query.get(key);
    if (value !== null) metadata.set(key, value);
  }
  return { metadata, lengthBytes: parseLength(request), reprDigests: parseReprDigests(headers) };
}

function parseLength(request: Request): number | null {
  const declared = parseIntegerField(request.headers, "Upload-Length");
  const completes = parseBooleanField(request.headers, "Upload-Complete") ?? true;
  const implied = completes ? (bodyBytesOf(request) ?? undefined) : undefined;
  if (declared !== undefined && implied !== undefined && declared !== implied) {
    throw new AppError("UPLOAD_LENGTH_CONFLICT", { headers: { "Upload-Complete": "?0" } });
  }
  return declared ?? implied ?? null;
}

function parseReprDigests(headers: Headers): Readonly<Record<string, string>> {
  const digests = parseDigestField(headers, "Repr-Digest");
  return Object.fromEntries(
    digests.map(({ algorithm, value }) => [algorithm.toLowerCase(), btoa(String.fromCharCode(...value))]),
  );
}
