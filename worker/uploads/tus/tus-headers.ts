import { AppError } from "#contract/errors.ts";
import { FileId } from "#contract/ids.ts";
import { parseHeaderInteger, parseUploadMetadata, UPLOADS_PATH } from "#contract/tus.ts";
import type { UploadKind } from "../state/upload-state.ts";
import type { DigestAlgorithm, ExpectedDigest } from "../writing/digests.ts";

/** What the tus front end does of tus 1.0, and nothing else. */
export const TUS_EXTENSIONS =
  "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation";

/** Algorithms of Upload-Checksum, by the protocol's names. */
const CHECKSUM_ALGORITHMS: Readonly<Record<string, DigestAlgorithm>> = {
  sha1: "SHA-1",
  sha256: "SHA-256",
  md5: "MD5",
};
export const TUS_CHECKSUM_ALGORITHMS = Object.keys(CHECKSUM_ALGORITHMS).join(",");

/** What a tus creation declares. */
export interface TusCreation {
  readonly kind: UploadKind;
  /** Null for a deferred length, and for a final upload, whose partials tell it. */
  readonly lengthBytes: number | null;
  readonly metadata: ReadonlyMap<string, string>;
  readonly metadataHeader: string | null;
  readonly concatHeader: string | null;
  /** Of a final upload: its partials, in order. */
  readonly partialIds: readonly FileId[];
}

/**
 * Reads a creation's headers. Throws `UPLOAD_LENGTH_INVALID`, `UPLOAD_METADATA_INVALID`, `UPLOAD_CONCAT_INVALID` or
 * `UPLOAD_HEADER_INVALID`.
 */
export function parseTusCreation(headers: Headers): TusCreation {
  const concatHeader = headers.get("Upload-Concat");
  const metadataHeader = headers.get("Upload-Metadata");
  const { kind, partialIds } = parseConcat(concatHeader);
  return {
    kind,
    partialIds,
    concatHeader,
    metadataHeader,
    metadata: parseUploadMetadata(metadataHeader ?? ""),
    lengthBytes: parseCreationLength(headers, kind),
  };
}

function parseCreationLength(headers: Headers, kind: UploadKind): number | null {
  const length = headers.get("Upload-Length");
  const defer = headers.get("Upload-Defer-Length");
  if (defer !== null && defer !== "1") {
    throw new AppError("UPLOAD_HEADER_INVALID", { detail: "Upload-Defer-Length can be 1 only." });
  }
  if (kind === "final") {
    if (length === null && defer === null) return null;
    throw new AppError("UPLOAD_LENGTH_INVALID", {
      detail: "A final upload's length is that of its partials.",
    });
  }
  if ((length === null) === (defer === null)) {
    throw new AppError("UPLOAD_LENGTH_INVALID", {
      detail: "One of Upload-Length and Upload-Defer-Length is needed.",
    });
  }
  return length === null ? null : requireLength(length);
}

/** An Upload-Length header's value. Throws `UPLOAD_LENGTH_INVALID`. */
export function requireLength(text: string): number {
  const lengthBytes = parseHeaderInteger(text);
  if (lengthBytes === undefined) throw new AppError("UPLOAD_LENGTH_INVALID");
  return lengthBytes;
}

/** An Upload-Offset header's value. Throws `UPLOAD_OFFSET_INVALID`. */
export function requireOffset(text: string | null): number {
  const offsetBytes = text === null ? undefined : parseHeaderInteger(text);
  if (offsetBytes === undefined) throw new AppError("UPLOAD_OFFSET_INVALID");
  return offsetBytes;
}

/** tus 1.0, "Upload-Concat": `partial`, or `final;` and the partials' URLs, absolute or relative, separated by spaces. */
function parseConcat(header: string | null): { kind: UploadKind; partialIds: readonly FileId[] } {
  if (header === null) return { kind: "file", partialIds: [] };
  if (header === "partial") return { kind: "partial", partialIds: [] };
  const [, urls] = FINAL.exec(header) ?? [];
  if (urls === undefined) throw new AppError("UPLOAD_CONCAT_INVALID");
  return { kind: "final", partialIds: urls.split(/ +/).map(requirePartialId) };
}

/** Visible characters only: the header is sent back as it is, and a URL's parser drops others without a word. */
const FINAL = /^final; *([\x21-\x7e]+(?: +[\x21-\x7e]+)*) *$/;

/** Most partials of one final upload: each is asked for its size before anything else is done. */
export const MAX_PARTIALS = 200;

function requirePartialId(url: string): FileId {
  const parsed = URL.parse(url, "http://relative.invalid");
  const id = FileId.safeParse(parsed?.pathname.slice(UPLOADS_PATH.length + 1));
  if (parsed?.pathname.startsWith(`${UPLOADS_PATH}/`) !== true || !id.success) {
    throw new AppError("UPLOAD_CONCAT_INVALID", { detail: "A partial upload's URL isn't one of ours." });
  }
  return id.data;
}

/** tus 1.0, "Upload-Checksum": algorithm and base64 value. Throws `UPLOAD_CHECKSUM_INVALID`. */
export function parseChecksum(header: string | null): readonly ExpectedDigest[] {
  if (header === null) return [];
  const [name = "", encoded = "", ...rest] = header.split(" ");
  const algorithm = Object.hasOwn(CHECKSUM_ALGORITHMS, name) ? CHECKSUM_ALGORITHMS[name] : undefined;
  if (algorithm === undefined || rest.length > 0) {
    throw new AppError("UPLOAD_CHECKSUM_INVALID", { detail: `Algorithms are ${TUS_CHECKSUM_ALGORITHMS}.` });
  }
  const value = decodeDigest(encoded, algorithm);
  if (value === undefined)
    throw new AppError("UPLOAD_CHECKSUM_INVALID", { detail: "The value isn't of that algorithm." });
  return [{ algorithm, value }];
}

const DIGEST_BYTES: Readonly<Record<DigestAlgorithm, number>> = {
  "SHA-1": 20,
  "SHA-256": 32,
  "SHA-512": 64,
  MD5: 16,
};

function decodeDigest(encoded: string, algorithm: DigestAlgorithm): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) || encoded.length % 4 !== 0) return undefined;
  const value = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
  return value.byteLength === DIGEST_BYTES[algorithm] ? value : undefined;
}
