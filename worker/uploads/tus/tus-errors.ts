import { ERRORS as TUS_ERRORS } from "@tus/server";
import type { ErrorCode } from "#contract/errors.ts";
import { AppError } from "#contract/errors.ts";

/** What @tus/server throws are the entries of one table; ours say the same with the protocol's exact statuses. */
const CODES = new Map<unknown, ErrorCode>([
  // tus 1.0 gives no status for a missing offset: it is a malformed request, not a forbidden one.
  [TUS_ERRORS.MISSING_OFFSET, "UPLOAD_OFFSET_INVALID"],
  // tus 1.0, PATCH: "the Server SHOULD return a 415".
  [TUS_ERRORS.INVALID_CONTENT_TYPE, "UPLOAD_CONTENT_TYPE_INVALID"],
  [TUS_ERRORS.INVALID_OFFSET, "UPLOAD_OFFSET_MISMATCH"],
  [TUS_ERRORS.FILE_NOT_FOUND, "UPLOAD_NOT_FOUND"],
  [TUS_ERRORS.FILE_NO_LONGER_EXISTS, "UPLOAD_NOT_FOUND"],
  [TUS_ERRORS.ERR_SIZE_EXCEEDED, "UPLOAD_BODY_TOO_LARGE"],
  [TUS_ERRORS.ERR_MAX_SIZE_EXCEEDED, "FILE_TOO_LARGE"],
  [TUS_ERRORS.INVALID_LENGTH, "UPLOAD_LENGTH_INVALID"],
  [TUS_ERRORS.INVALID_METADATA, "UPLOAD_METADATA_INVALID"],
  [TUS_ERRORS.UNSUPPORTED_CREATION_DEFER_LENGTH_EXTENSION, "UPLOAD_LENGTH_INVALID"],
  [TUS_ERRORS.UNSUPPORTED_CONCATENATION_EXTENSION, "UPLOAD_HEADER_INVALID"],
]);

const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: "UPLOAD_HEADER_INVALID",
  404: "UPLOAD_NOT_FOUND",
  412: "TUS_VERSION_UNSUPPORTED",
};

/** Our error for one that @tus/server threw, or, where it only answered, for its status. */
export function tusError(thrown: unknown, status: number): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = CODES.get(thrown) ?? (thrown === undefined ? CODE_BY_STATUS[status] : undefined);
  return new AppError(code ?? "INTERNAL", { cause: thrown });
}
