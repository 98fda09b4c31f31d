/** The contract's types, by the names that the clients' methods have them by. */
export type { Derivative, Disposition, FileRecord, FileState, SignedUrl, Variant } from "#contract/api.ts";
export type { UploadGrantResponse } from "#contract/api.ts";
export type { AuditRecord } from "#contract/audit.ts";
export type { EntityAction, EntityGrantResponse } from "#contract/entity-grants.ts";
export type { Erasure } from "#contract/erasures.ts";
export type { ErrorCode, FieldProblem, Problem } from "#contract/errors.ts";
export type { BulkItem } from "#contract/file-changes.ts";
export type {
  BulkInput,
  EntityGrantInput,
  FileEditInput,
  FileListInput,
  ShareInput,
  ShareLinkInput,
  SignedUrlInput,
  TenantChangeInput,
  UploadGrantInput,
} from "#contract/inputs.ts";
export type { EntityCounts, FileList } from "#contract/listing.ts";
export type { BlockedVersion } from "#contract/quarantine.ts";
export type { Quota } from "#contract/quota.ts";
export type { Rescan } from "#contract/rescans.ts";
export type { Share, SharedDownload, SharedFile, ShareLink, SharePermission } from "#contract/sharing.ts";
export type { TenantRecord } from "#contract/tenant-admin.ts";
export type { UploadRulesResponse } from "#contract/upload-rules.ts";
export type { FileVersion } from "#contract/versions.ts";
