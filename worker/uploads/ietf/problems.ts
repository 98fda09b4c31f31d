import type { AppError, ErrorCode } from "#contract/errors.ts";
import { formatUploadLimit } from "./fields.ts";

/** Where the problem types of draft-ietf-httpbis-resumable-upload are registered. */
const PROBLEM_TYPES = "https://iana.org/assignments/http-problem-types";

/** What the file's own rules say of it, as they would without resumption: nothing that is sent later changes it. */
const OF_THE_TARGET: ReadonlySet<ErrorCode> = new Set([
  "FILE_NAME_REQUIRED",
  "FILE_NAME_INVALID",
  "FILE_TYPE_REFUSED",
  "FILE_TYPE_MISMATCH",
  "CONTENT_ENCRYPTED",
  "REPR_DIGEST_MISMATCH",
  "UPLOAD_METADATA_INVALID",
]);

/**
 * The draft, "Completeness": in a refusal, `?1` says that it comes from the resource that was to take the file, and
 * that the upload is over; `?0` that it is about the transfer, whatever the upload's state.
 */
function completenessOf({ code }: AppError): "?0" | "?1" {
  return OF_THE_TARGET.has(code) ? "?1" : "?0";
}

/** What the draft wants said of any refusal; where the upload is, only its front end can say. */
export function describeRefusal(error: AppError): AppError {
  const { maxSizeBytes } = error.members;
  const limit = typeof maxSizeBytes === "number" ? { maxSizeBytes, expiresAtMs: null } : undefined;
  return error.withHeaders(
    {
      "Upload-Complete": completenessOf(error),
      ...(limit === undefined ? {} : { "Upload-Limit": formatUploadLimit(limit, 0) }),
    },
    error.code === "UPLOAD_LENGTH_CONFLICT" ? { type: `${PROBLEM_TYPES}#inconsistent-upload-length` } : {},
  );
}

/** "A response using this problem type SHOULD populate both members." */
export function describeMismatch(expectedOffset: number, providedOffset: number) {
  return {
    type: `${PROBLEM_TYPES}#mismatching-upload-offset`,
    "expected-offset": expectedOffset,
    "provided-offset": providedOffset,
  };
}
