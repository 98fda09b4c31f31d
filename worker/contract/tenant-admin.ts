import { z } from "zod";
import { TenantId } from "./ids.ts";
import { JURISDICTIONS } from "./jurisdictions.ts";
import { TenantSettings } from "./tenants.ts";

const Bytes = z.int();
const Timestamp = z.iso.datetime();

/** A tenant as its administrators and the deployment's operators see it. */
export const TenantRecord = z
  .object({
    tenantId: TenantId,
    quotaBytes: Bytes.nullable().meta({ description: "null: as for all" }),
    settings: TenantSettings,
    files: z.int().meta({ description: "Files with a record, those in the trash too" }),
    usage: z.object({
      usedBytes: Bytes.meta({ description: "What counts against the quota: all below but derivatives" }),
      filesBytes: Bytes.meta({ description: "Current versions" }),
      versionsBytes: Bytes.meta({ description: "Other versions" }),
      trashBytes: Bytes,
      reservedBytes: Bytes.meta({ description: "Held for uploads under way" }),
      derivativesBytes: Bytes,
    }),
    jurisdiction: z.enum(JURISDICTIONS).nullable().meta({
      description: "Where all that it has stays; null: nowhere in particular. Set by the deployment",
    }),
    createdAt: Timestamp.nullable().meta({ description: "null before there is anything of it" }),
    erasingAt: Timestamp.nullable().meta({ description: "Since when all of it is being erased" }),
  })
  .meta({ id: "Tenant" });
export type TenantRecord = z.infer<typeof TenantRecord>;

export const TenantPage = z
  .object({ items: z.array(TenantRecord), nextCursor: z.string().nullable() })
  .meta({ id: "TenantPage" });
export type TenantPage = z.infer<typeof TenantPage>;

/** Query of `GET /v1/admin/tenants`. */
export const TenantListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: TenantId.optional().meta({ description: "`nextCursor` of the page before" }),
});
export type TenantListQuery = z.infer<typeof TenantListQuery>;

export type SettingName = keyof TenantSettings;

const { shape } = TenantSettings;
const orRemoved = <T extends z.ZodType>(schema: T) => schema.nullable().optional();

/** Settings to be changed: those that are named take the place of what was, null removes. */
const SettingsChange = z
  .strictObject({
    maxBytes: orRemoved(shape.maxBytes),
    warnBytes: orRemoved(shape.warnBytes),
    extraTypes: orRemoved(shape.extraTypes),
    refusedTypes: orRemoved(shape.refusedTypes),
    blockedExtensions: orRemoved(shape.blockedExtensions),
    warningThreshold: orRemoved(shape.warningThreshold),
    publicFiles: orRemoved(shape.publicFiles),
    entityAccess: orRemoved(shape.entityAccess),
    shareLinks: orRemoved(shape.shareLinks),
    trashDays: orRemoved(shape.trashDays),
    quarantineDays: orRemoved(shape.quarantineDays),
    maxOpenUploads: orRemoved(shape.maxOpenUploads),
    maxOpenUploadsPerUser: orRemoved(shape.maxOpenUploadsPerUser),
    maxVersions: orRemoved(shape.maxVersions),
    readAuditSample: orRemoved(shape.readAuditSample),
    derivativeReadAuditSample: orRemoved(shape.derivativeReadAuditSample),
    auditRetentionDays: orRemoved(shape.auditRetentionDays),
    virusScanProvider: orRemoved(shape.virusScanProvider),
    virusTotalUploads: orRemoved(shape.virusTotalUploads),
    activeContent: orRemoved(shape.activeContent),
    avifDerivatives: orRemoved(shape.avifDerivatives),
    keepPlaces: orRemoved(shape.keepPlaces),
    replicaTargets: orRemoved(shape.replicaTargets),
    replicaDerivatives: orRemoved(shape.replicaDerivatives),
  } satisfies Record<SettingName, z.ZodType>)
  .meta({ description: "Each setting that is named takes the place of what was; null removes it" });

/** Body of `PATCH /v1/admin/tenants/{tenantId}`. */
export const TenantChange = z
  .strictObject({
    quotaBytes: z.int().min(0).nullable().optional().meta({
      description: "For operators alone; null: as for all",
    }),
    settings: SettingsChange.optional(),
  })
  .meta({ id: "TenantChange" });
export type TenantChange = z.infer<typeof TenantChange>;

/** What is kept of a tenant beside its rows, and can be counted from them. */
export const TENANT_COUNTS = [
  "fileCount",
  "filesBytes",
  "versionsBytes",
  "trashBytes",
  "reservedBytes",
  "derivativesBytes",
  "openUploads",
] as const;
export type TenantCount = (typeof TENANT_COUNTS)[number];

/** What a recount corrected; empty where every count was right. */
export const Recount = z
  .object({
    corrections: z.partialRecord(z.enum(TENANT_COUNTS), z.object({ from: z.int(), to: z.int() })),
  })
  .meta({ id: "Recount" });
export type Recount = z.infer<typeof Recount>;
