import { ReplicaFault, type ReplicaFaultKind } from "../../replica-fault.ts";

/** https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes, and those of all of Azure's storage. */
const KINDS: Readonly<Record<string, ReplicaFaultKind>> = {
  AccountIsDisabled: "credentials",
  AuthenticationFailed: "credentials",
  AuthorizationFailure: "credentials",
  AuthorizationPermissionMismatch: "credentials",
  InsufficientAccountPermissions: "credentials",
  InvalidAuthenticationInfo: "credentials",
  NoAuthenticationInformation: "credentials",
  ContainerBeingDeleted: "missing-bucket",
  ContainerDisabled: "missing-bucket",
  ContainerNotFound: "missing-bucket",
  ServerBusy: "throttled",
  Md5Mismatch: "mismatch",
  // Of blocks that another try has made an object of: the next try looks again at what is there.
  InvalidBlockList: "unavailable",
  BlobNotFound: "unavailable",
};

const STATUS_KINDS: Readonly<Record<number, ReplicaFaultKind>> = {
  401: "credentials",
  403: "credentials",
  408: "unavailable",
  429: "throttled",
  507: "full",
};

/** What Azure says of a shared key's signature whose time is too far from its own. */
const CLOCK = /date header (in the request is )?too old|not within (the )?(allowed|acceptable)/i;

interface AzureError {
  readonly code?: unknown;
  readonly statusCode?: unknown;
}

export function explainAzure(error: unknown): ReplicaFault {
  const { code, statusCode } = readError(error);
  const kind = isClock(error) ? "clock" : kindOf(code, statusCode, error);
  const status = typeof statusCode === "number" ? statusCode : "no answer";
  const detail = `${typeof code === "string" ? code : "no code"} (${status})`;
  return new ReplicaFault(kind, { detail, cause: error });
}

export function isNoBlob(error: unknown): boolean {
  const { code, statusCode } = readError(error);
  // HEAD is answered without a body: its code is in a header, which not every proxy lets through.
  return statusCode === 404 && (code === "BlobNotFound" || code === undefined);
}

function kindOf(code: unknown, status: unknown, error: unknown): ReplicaFaultKind {
  // Of @azure/identity: no identity, or one that gets no token.
  const name = error instanceof Error ? error.name : "";
  if (["CredentialUnavailableError", "AuthenticationError", "AggregateAuthenticationError"].includes(name))
    return "credentials";
  if (typeof code === "string" && KINDS[code] !== undefined) return KINDS[code];
  if (typeof status !== "number") return "unavailable";
  return STATUS_KINDS[status] ?? (status >= 400 && status < 500 ? "refused" : "unavailable");
}

function isClock(error: unknown): boolean {
  return readError(error).statusCode === 403 && error instanceof Error && CLOCK.test(error.message);
}

function readError(error: unknown): AzureError {
  return typeof error === "object" && error !== null ? error : {};
}
