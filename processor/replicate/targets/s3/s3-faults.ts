import { ReplicaFault, type ReplicaFaultKind } from "../../replica-fault.ts";

/**
 * By S3's codes (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html), and what MinIO and R2 have of their
 * own. HEAD is answered without a body: there the status is all.
 */
const KINDS: Readonly<Record<string, ReplicaFaultKind>> = {
  AccessDenied: "credentials",
  AccountProblem: "credentials",
  CredentialsProviderError: "credentials",
  ExpiredToken: "credentials",
  Forbidden: "credentials",
  InvalidAccessKeyId: "credentials",
  InvalidToken: "credentials",
  SignatureDoesNotMatch: "credentials",
  Unauthorized: "credentials",
  NoSuchBucket: "missing-bucket",
  RequestLimitExceeded: "throttled",
  SlowDown: "throttled",
  Throttling: "throttled",
  ThrottlingException: "throttled",
  TooManyRequests: "throttled",
  RequestTimeTooSkewed: "clock",
  InsufficientStorage: "full",
  QuotaExceeded: "full",
  XMinioAdminBucketQuotaExceeded: "full",
  XMinioStorageFull: "full",
  BadDigest: "mismatch",
  XAmzContentSHA256Mismatch: "mismatch",
  // Of an upload that another try has ended, or a lifecycle rule: the next try looks again at what is there.
  InvalidPart: "unavailable",
  NoSuchUpload: "unavailable",
};

const STATUS_KINDS: Readonly<Record<number, ReplicaFaultKind>> = {
  401: "credentials",
  403: "credentials",
  408: "unavailable",
  429: "throttled",
  507: "full",
};

interface S3Error {
  readonly name: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export function explainS3(error: unknown): ReplicaFault {
  const status = statusOf(error);
  const name = error instanceof Error ? error.name : "unknown";
  const kind = KINDS[name] ?? (status === undefined ? "unavailable" : kindOfStatus(status));
  return new ReplicaFault(kind, { detail: `${name} (${status ?? "no answer"})`, cause: error });
}

function kindOfStatus(status: number): ReplicaFaultKind {
  return STATUS_KINDS[status] ?? (status >= 400 && status < 500 ? "refused" : "unavailable");
}

/** Whether there is no such object. A bucket that is missing is a 404 too; HEAD doesn't tell the two apart. */
export function isNoObject(error: unknown): boolean {
  return error instanceof Error && ["NoSuchKey", "NotFound"].includes(error.name);
}

export function isNoUpload(error: unknown): boolean {
  return error instanceof Error && error.name === "NoSuchUpload";
}

/** Whether the service doesn't have the operation at all, as R2's local double doesn't list uploads. */
export function isNotImplemented(error: unknown): boolean {
  return statusOf(error) === 501;
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  return (error as unknown as S3Error).$metadata?.httpStatusCode;
}
