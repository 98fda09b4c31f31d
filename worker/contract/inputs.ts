import type { z } from "zod";
import type { DerivativesRequest, SignedUrlItem, UploadGrantRequest } from "./api.ts";
import type { AuditQuery } from "./audit.ts";
import type { EntityGrantRequest, GrantRenewalRequest } from "./entity-grants.ts";
import type { ErasureRequest } from "./erasures.ts";
import type { ExportQuery } from "./export.ts";
import type { VersionListQuery } from "./failed-jobs.ts";
import type { BulkRequest, FileEdit } from "./file-changes.ts";
import type { EntityCountsRequest, FileListQuery } from "./listing.ts";
import type { LiveTicketRequest } from "./live.ts";
import type { QuarantineQuery, ReleaseRequest } from "./quarantine.ts";
import type { RepairRequest } from "./repairs.ts";
import type { CopyRetryRequest } from "./replica-retries.ts";
import type { BackfillRequest, ReplicaListQuery } from "./replicas.ts";
import type { RescanRequest } from "./rescans.ts";
import type { ShareLinkRequest, ShareRequest } from "./sharing.ts";
import type { TenantChange, TenantListQuery } from "./tenant-admin.ts";
import type { FileVersionsQuery } from "./versions.ts";

/** What clients send, as it is before the schemas have parsed it: what has a default may be left out, ids are texts. */

type Given<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Given<Item>[]
    : { readonly [Key in keyof T]: Given<T[Key]> };

/** Of a query's parameters, which are texts to the schemas; those that are no texts to people are said in `Known`. */
type QueryInput<Schema extends z.ZodType, Known = unknown> = Given<
  Omit<z.input<Schema>, "limit" | keyof Known> & { limit?: number | undefined } & Known
>;

export type FileListInput = QueryInput<
  typeof FileListQuery,
  { tags?: string[] | undefined; tag?: string[] | undefined }
>;
export type FileVersionsInput = QueryInput<typeof FileVersionsQuery>;
export type AuditInput = QueryInput<typeof AuditQuery>;
export type VersionListInput = QueryInput<typeof VersionListQuery>;
export type QuarantineInput = QueryInput<typeof QuarantineQuery>;
export type ReplicaListInput = QueryInput<typeof ReplicaListQuery>;
export type TenantListInput = QueryInput<typeof TenantListQuery>;
export type ExportInput = QueryInput<typeof ExportQuery>;

export type FileEditInput = Given<z.input<typeof FileEdit>>;
export type BulkInput = Given<z.input<typeof BulkRequest>>;
export type DerivativesInput = Given<z.input<typeof DerivativesRequest>>;
export type EntityCountsInput = Given<z.input<typeof EntityCountsRequest>>;
export type SignedUrlInput = Given<z.input<typeof SignedUrlItem>>;
export type ShareInput = Given<z.input<typeof ShareRequest>>;
export type ShareLinkInput = Given<z.input<typeof ShareLinkRequest>>;
export type UploadGrantInput = Given<z.input<typeof UploadGrantRequest>>;
export type EntityGrantInput = Given<z.input<typeof EntityGrantRequest>>;
export type GrantRenewalInput = Given<z.input<typeof GrantRenewalRequest>>;
export type LiveTicketInput = Given<z.input<typeof LiveTicketRequest>>;
export type ErasureInput = Given<z.input<typeof ErasureRequest>>;
export type ReleaseInput = Given<z.input<typeof ReleaseRequest>>;
export type RescanInput = Given<z.input<typeof RescanRequest>>;
export type TenantChangeInput = Given<z.input<typeof TenantChange>>;
export type CopyRetryInput = Given<z.input<typeof CopyRetryRequest>>;
export type BackfillInput = Given<z.input<typeof BackfillRequest>>;
export type RepairInput = Given<z.input<typeof RepairRequest>>;
