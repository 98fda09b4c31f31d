import { z } from "zod";

interface ErrorKind<Status extends number = number, Retryable extends boolean = boolean> {
  readonly status: Status;
  readonly title: string;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: Retryable;
}

function kind<const Status extends number>(status: Status, title: string): ErrorKind<Status, false>;
function kind<const Status extends number>(
  status: Status,
  title: string,
  retryable: true,
): ErrorKind<Status, true>;
function kind(status: number, title: string, retryable = false): ErrorKind {
  return { status, title, retryable };
}

/** Every error the API can answer, in one table. Codes are part of the interface and are never reused. */
export const ERRORS = {
  // Not an error: what was asked for is on its way, and there is nothing yet to answer with.
  VARIANT_BEING_MADE: kind(202, "The variant is being made", true),

  REQUEST_INVALID: kind(400, "The request is not valid"),
  UPLOAD_LENGTH_INVALID: kind(400, "Upload-Length is missing or not valid"),
  UPLOAD_OFFSET_INVALID: kind(400, "Upload-Offset is missing or not valid"),
  UPLOAD_LENGTH_CONFLICT: kind(400, "The upload's length was said to be another"),
  UPLOAD_LENGTH_EXCEEDED: kind(400, "More was sent than the upload's length"),
  UPLOAD_CONCAT_INVALID: kind(400, "Upload-Concat is not valid"),
  UPLOAD_CHECKSUM_INVALID: kind(400, "The checksum header is not valid"),
  UPLOAD_METADATA_INVALID: kind(400, "Upload-Metadata is not valid"),
  UPLOAD_HEADER_INVALID: kind(400, "An upload header is not valid"),
  // RFC 9530 names no status. The bytes of one request, which may be sent again; and those of the whole, for good.
  CONTENT_DIGEST_MISMATCH: kind(400, "The content doesn't have the digest that was sent with it", true),
  REPR_DIGEST_MISMATCH: kind(400, "The file doesn't have the digest that was announced for it"),
  FILE_NAME_REQUIRED: kind(400, "A file needs a name"),
  FILE_NAME_INVALID: kind(400, "The file name can't be used"),
  IDEMPOTENCY_KEY_INVALID: kind(400, "Idempotency-Key is not valid"),
  FORM_INVALID: kind(400, "The form is not valid"),
  BODY_INCOMPLETE: kind(400, "The body ended before all of it was there", true),

  TOKEN_MISSING: kind(401, "A bearer token is required"),
  TOKEN_INVALID: kind(401, "The token is not valid"),
  TOKEN_EXPIRED: kind(401, "The token has expired"),
  LIVE_TICKET_INVALID: kind(401, "The ticket is not valid, or was good before"),

  ROLE_REQUIRED: kind(403, "The caller's role doesn't allow this"),
  PERMISSION_REQUIRED: kind(403, "The caller may not do this with the file"),
  QUOTA_EXCEEDED: kind(403, "The tenant's quota has no room for this"),
  TENANT_ERASING: kind(403, "The tenant is being erased"),
  PUBLIC_FILES_OFF: kind(403, "Files of this tenant can't be made public"),
  SHARE_LINKS_OFF: kind(403, "Files of this tenant can't be shared by links"),
  SHARE_PASSWORD_WRONG: kind(403, "The password is not right"),
  GRANT_SCOPE: kind(403, "The grant doesn't cover this"),
  UPLOAD_FINAL: kind(403, "A final upload takes no bytes of its own"),
  FILE_BLOCKED: kind(403, "The file did not pass the virus check"),
  SIGNATURE_INVALID: kind(403, "The signature is not valid"),
  SIGNED_URL_EXPIRED: kind(403, "The signed URL has expired"),

  ROUTE_NOT_FOUND: kind(404, "There is nothing here"),
  UPLOAD_NOT_FOUND: kind(404, "No such upload"),
  FILE_NOT_FOUND: kind(404, "No such file"),
  VARIANT_NOT_FOUND: kind(404, "The file has no such variant"),
  VERSION_NOT_FOUND: kind(404, "The file has no such version"),
  SHARE_NOT_FOUND: kind(404, "The file isn't shared with this user"),
  SHARE_LINK_NOT_FOUND: kind(404, "No such share link"),
  TENANT_NOT_FOUND: kind(404, "No such tenant"),
  FAILED_JOB_NOT_FOUND: kind(404, "No job of this version has failed"),
  RESCAN_NOT_FOUND: kind(404, "No such rescan"),
  ERASURE_NOT_FOUND: kind(404, "No such erasure"),
  METHOD_NOT_ALLOWED: kind(405, "The method is not allowed here"),

  UPLOAD_OFFSET_MISMATCH: kind(409, "The upload is at another offset"),
  UPLOAD_SUPERSEDED: kind(409, "Another request took the upload over", true),
  UPLOAD_COMPLETED: kind(409, "The upload is complete"),
  GRANT_USED: kind(409, "The upload grant was used for another upload"),
  IDEMPOTENCY_KEY_IN_USE: kind(409, "The first request with this key is under way", true),
  FILE_IN_TRASH: kind(409, "The file is in the trash"),
  FILE_NOT_IN_TRASH: kind(409, "The file isn't in the trash"),
  VERSION_NOT_BLOCKED: kind(409, "The version isn't blocked"),
  VERSION_CURRENT: kind(409, "The version is the current one"),
  VERSION_LIMIT_REACHED: kind(409, "The file has as many versions as a file can have"),
  SHARE_LIMIT_REACHED: kind(409, "The file is shared as often as a file can be"),
  RESCAN_ENDED: kind(409, "The rescan is over"),
  RESCAN_LIMIT_REACHED: kind(409, "The tenant has as many rescans under way as there may be"),
  FILE_NOT_READY: kind(409, "The file is not ready yet", true),
  REPORT_REFUSED: kind(409, "The report does not fit the stored object"),

  SIGNED_URL_REPLACED: kind(410, "The file has another version than the one that the URL was signed for"),
  SHARE_LINK_ENDED: kind(410, "The share link doesn't work any more"),
  UPLOAD_EXPIRED: kind(410, "The upload has expired"),
  UPLOAD_LOST: kind(410, "The upload's stored bytes are gone"),

  TUS_VERSION_UNSUPPORTED: kind(412, "This version of the tus protocol is not supported"),
  FILE_TOO_LARGE: kind(413, "The file is too large"),
  BODY_TOO_LARGE: kind(413, "The request's body is too large"),
  UPLOAD_BODY_TOO_LARGE: kind(413, "The body is longer than what is left of the upload"),
  CONTENT_TYPE_INVALID: kind(415, "The body has to be JSON, and to be called that"),
  UPLOAD_CONTENT_TYPE_INVALID: kind(415, "The Content-Type is not valid for an upload"),
  FILE_TYPE_REFUSED: kind(415, "Files of this type are not accepted"),
  FILE_TYPE_MISMATCH: kind(415, "The file's content is not what it was declared to be"),
  CONTENT_ENCRYPTED: kind(415, "The file can't be opened without a password"),
  RANGE_NOT_SATISFIABLE: kind(416, "The range is outside the file"),

  UPGRADE_REQUIRED: kind(426, "This is for WebSockets"),

  IDEMPOTENCY_KEY_REUSED: kind(422, "The key was used for another request"),

  RATE_LIMITED: kind(429, "There were too many requests", true),
  OPEN_UPLOADS_EXCEEDED: kind(429, "There are too many uploads under way", true),

  // tus 1.0, Checksum: "460 Checksum Mismatch".
  UPLOAD_CHECKSUM_MISMATCH: kind(460, "The bytes received don't have the checksum that was sent", true),

  INTERNAL: kind(500, "Something went wrong on our side", true),
  STORE_UNAVAILABLE: kind(503, "The object store did not answer", true),
  SERVICE_UNAVAILABLE: kind(503, "A part of the service is not available", true),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** One wrong field of a request: where it is and what is wrong with it. */
export const FieldProblem = z.object({ path: z.string(), message: z.string() });
export type FieldProblem = z.infer<typeof FieldProblem>;

/** The body of every error answer: RFC 9457 with a `code` to program against. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.string(),
    errors: z.array(FieldProblem).optional(),
    requestId: z.string().optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem details" });
export type Problem = z.infer<typeof Problem>;

export const PROBLEM_CONTENT_TYPE = "application/problem+json";

interface AppErrorOptions {
  /** For the reader of the answer: never a key, a token or another tenant's data. */
  detail?: string | undefined;
  errors?: readonly FieldProblem[];
  /** Response headers that belong to the error, e.g. the right `Upload-Offset` of a 409. */
  headers?: Readonly<Record<string, string>>;
  /** Extension members of the problem document (RFC 9457, 3.2), or a registered `type` in the place of ours. */
  members?: Readonly<Record<string, string | number>>;
  cause?: unknown;
}

/** The only error that the project's own code throws on purpose. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly errors: readonly FieldProblem[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly members: Readonly<Record<string, string | number>>;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(`${code}: ${options.detail ?? ERRORS[code].title}`, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.detail = options.detail;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
    this.members = options.members ?? {};
  }

  /** The same error with more response headers, and more members of its document. */
  withHeaders(
    headers: Readonly<Record<string, string>>,
    members: Readonly<Record<string, string | number>> = {},
  ): AppError {
    const { code, detail, errors, cause } = this;
    return new AppError(code, {
      detail,
      cause,
      headers: { ...this.headers, ...headers },
      members: { ...this.members, ...members },
      ...(errors === undefined ? {} : { errors }),
    });
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** `METHOD_NOT_ALLOWED` with the methods that are (RFC 9110, 15.5.6: "The origin server MUST generate an Allow header field"). */
export function methodError(methods: readonly string[]): AppError {
  return new AppError("METHOD_NOT_ALLOWED", { headers: { Allow: ["OPTIONS", ...methods].join(", ") } });
}

/** What is to be answered of an error: an `AppError` that a library wrapped counts; what else there is is `INTERNAL`. */
export function asAppError(error: unknown): AppError {
  let cause = error;
  while (cause instanceof Error && !(cause instanceof AppError)) cause = cause.cause;
  return cause instanceof AppError ? cause : new AppError("INTERNAL", { cause: error });
}

/** The problem document of an error; one that wasn't thrown on purpose tells nothing of itself. */
export function formatProblem(error: unknown, requestId?: string): Problem {
  const known = asAppError(error);
  const { status, title } = ERRORS[known.code];
  return {
    type: `urn:causeway:error:${known.code.toLowerCase().replaceAll("_", "-")}`,
    title,
    status,
    code: known.code,
    ...(known.detail === undefined ? {} : { detail: known.detail }),
    ...(known.errors === undefined ? {} : { errors: [...known.errors] }),
    ...(requestId === undefined ? {} : { requestId }),
    ...known.members,
  };
}

/** A store that falls silent is there again in moments, or away for long: who asks doesn't wait longer than that to see. */
const STORE_RETRY_SECONDS = "1";

/** An error as the answer to a request. */
export function problemResponse(error: unknown, requestId?: string): Response {
  const problem = formatProblem(error, requestId);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      ...(problem.code === "STORE_UNAVAILABLE" ? { "Retry-After": STORE_RETRY_SECONDS } : {}),
      ...asAppError(error).headers,
      "Content-Type": PROBLEM_CONTENT_TYPE,
      "Cache-Control": "no-store",
    },
  });
}
