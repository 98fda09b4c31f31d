/** Errors after which nothing more of the append is kept: its bytes are wrong, or of no use. */
export const DISCARDING: ReadonlySet<string> = new Set([
  "UPLOAD_BODY_TOO_LARGE",
  "UPLOAD_LENGTH_EXCEEDED",
  "UPLOAD_CHECKSUM_MISMATCH",
  "REPR_DIGEST_MISMATCH",
  "FILE_TOO_LARGE",
  "FILE_TYPE_MISMATCH",
  "CONTENT_ENCRYPTED",
  "UPLOAD_LOST",
]);

/** Errors after which the upload can never become a file. */
export const ENDING: ReadonlySet<string> = new Set([
  "FILE_TYPE_MISMATCH",
  "CONTENT_ENCRYPTED",
  "UPLOAD_LENGTH_EXCEEDED",
  "REPR_DIGEST_MISMATCH",
  "UPLOAD_LOST",
]);
