import { AppError } from "#contract/errors.ts";
import type { FileVersionRef, Identity, TenantId, UserId } from "#contract/ids.ts";
import type { Quota, QuotaLevel } from "#contract/quota.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import {
  CRITICAL_THRESHOLD,
  OPEN_UPLOADS,
  OPEN_UPLOADS_PER_USER,
  WARNING_THRESHOLD,
} from "#contract/tenants.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { Counts, OpenUploadLimits } from "../db/quota.ts";
import { countOpenUploads, growReservation, shrinkReservation } from "../db/quota.ts";
import type { TenantRow } from "../db/tenants.ts";
import { findTenant } from "../db/tenants.ts";

/**
 * What a tenant's quota is used by (R25, decision 0009): all stored versions, the current, the older and those in the
 * trash, and what is reserved for uploads under way, each with 4 KiB at least (`chargeOf`). Derivatives are told and not counted. An upload reserves before its
 * first byte; its reservation ends in the batch that records it as stored, from which on its version counts, or in the
 * one that forgets it.
 */

/** While an upload's length isn't known, so much is reserved for it at a time, or what room there is. */
export const RESERVATION_STEP_BYTES = 64 * 1024 * 1024;

/** What is counted against the quota. */
function usedBytesOf({ filesBytes, versionsBytes, trashBytes, reservedBytes }: Counts): number {
  return filesBytes + versionsBytes + trashBytes + reservedBytes;
}

/** @param warningThreshold in per cent of the quota, of which 95 and more are critical whatever it is */
export function quotaLevel(usedBytes: number, quotaBytes: number, warningThreshold: number): QuotaLevel {
  const reaches = (percent: number) => usedBytes >= quotaBytes * (percent / 100);
  if (reaches(CRITICAL_THRESHOLD)) return "critical";
  return reaches(warningThreshold) ? "warning" : "ok";
}

type CountedTenant = Counts & Pick<TenantRow, "quotaBytes" | "settings">;

const NEW_TENANT: CountedTenant = {
  ...{ reservedBytes: 0, filesBytes: 0, versionsBytes: 0, trashBytes: 0, derivativesBytes: 0, fileCount: 0 },
  openUploads: 0,
  quotaBytes: null,
  settings: {},
};

/** A tenant's quota and what it is used by. One that has never uploaded anything has all of the default. Throws `TENANT_ERASING`. */
export async function getQuota(
  env: DatabaseBindings,
  tenantId: TenantId,
  defaultQuotaBytes: number,
): Promise<Quota> {
  const tenant = await findTenant(databaseFor(env, tenantId), tenantId);
  if (tenant !== undefined && tenant.erasingAtMs !== null) throw new AppError("TENANT_ERASING");
  return formatQuota(tenant ?? NEW_TENANT, defaultQuotaBytes);
}

export function formatQuota(tenant: CountedTenant, defaultQuotaBytes: number): Quota {
  const { reservedBytes, filesBytes, versionsBytes, trashBytes, derivativesBytes, fileCount, openUploads } =
    tenant;
  const quotaBytes = tenant.quotaBytes ?? defaultQuotaBytes;
  const usedBytes = usedBytesOf(tenant);
  const warningThreshold = tenant.settings.warningThreshold ?? WARNING_THRESHOLD;
  return {
    ...{ quotaBytes, usedBytes, reservedBytes, availableBytes: Math.max(0, quotaBytes - usedBytes) },
    ...{ filesBytes, versionsBytes, trashBytes, derivativesBytes, fileCount, openUploads },
    level: quotaLevel(usedBytes, quotaBytes, warningThreshold),
    warningThreshold,
  };
}

/** Why a tenant has no room: `TENANT_ERASING`, or `QUOTA_EXCEEDED` with what there is. */
export function roomError(tenant: TenantRow | undefined, defaultQuotaBytes: number): AppError {
  if ((tenant?.erasingAtMs ?? null) !== null) return new AppError("TENANT_ERASING");
  const { quotaBytes, availableBytes } = formatQuota(tenant ?? NEW_TENANT, defaultQuotaBytes);
  return new AppError("QUOTA_EXCEEDED", {
    detail: `Of a quota of ${quotaBytes} bytes ${availableBytes} are available.`,
    members: { quotaBytes, availableBytes },
  });
}

/** How many uploads a caller may have under way, and the tenant. */
export function openUploadLimits(
  { role }: Identity,
  hasGrant: boolean,
  { maxOpenUploads, maxOpenUploadsPerUser }: TenantSettings,
): OpenUploadLimits {
  // A service speaks for many people; whoever minted a grant has decided on its one upload.
  const isOneUser = role !== "service" && !hasGrant;
  return {
    ofTenant: maxOpenUploads ?? OPEN_UPLOADS,
    ofUser: isOneUser ? (maxOpenUploadsPerUser ?? OPEN_UPLOADS_PER_USER) : null,
  };
}

/** Throws `OPEN_UPLOADS_EXCEEDED` where a tenant, or one of its users, has as many uploads under way as it may. */
export async function requireFewOpenUploads(
  env: DatabaseBindings,
  { tenantId, openUploads, erasingAtMs }: TenantRow,
  ownerId: UserId,
  { ofTenant, ofUser }: OpenUploadLimits,
): Promise<void> {
  if (erasingAtMs !== null) return;
  if (openUploads >= ofTenant) throw openUploadsError("tenant", ofTenant);
  if (ofUser === null || openUploads < ofUser) return;
  const own = await countOpenUploads(databaseFor(env, tenantId), tenantId, ownerId);
  if (own >= ofUser) throw openUploadsError("user", ofUser);
}

/** Uploads that nobody goes on with end by themselves, others sooner: it needn't be asked for often. */
const OPEN_UPLOADS_RETRY_SECONDS = 30;

function openUploadsError(whose: "tenant" | "user", maxOpenUploads: number): AppError {
  return new AppError("OPEN_UPLOADS_EXCEEDED", {
    detail: `A ${whose} may have ${maxOpenUploads} uploads under way.`,
    headers: { "Retry-After": String(OPEN_UPLOADS_RETRY_SECONDS) },
    members: { maxOpenUploads },
  });
}

/** What an upload whose length isn't known needs, and what may be reserved for it. */
export interface ReservationGrowth {
  readonly atLeastBytes: number;
  readonly atMostBytes: number;
}

/**
 * Reserves more for an upload under way and returns what is reserved then. May be called again. Throws
 * `QUOTA_EXCEEDED` and `TENANT_ERASING`.
 */
export async function extendReservation(
  env: DatabaseBindings,
  ref: FileVersionRef,
  growth: ReservationGrowth,
  defaultQuotaBytes: number,
): Promise<number> {
  const db = databaseFor(env, ref.tenantId);
  const held = await growReservation(db, ref, { ...growth, defaultQuotaBytes });
  const reservedBytes = held?.reservedBytes ?? 0;
  if (reservedBytes >= growth.atLeastBytes) return reservedBytes;
  throw roomError(held?.tenant, defaultQuotaBytes);
}

/** Gives back what an upload turned out not to need. Where the reservation isn't `fromBytes` any more, it stays. */
export async function reduceReservation(
  env: DatabaseBindings,
  ref: FileVersionRef,
  fromBytes: number,
  toBytes: number,
): Promise<void> {
  await shrinkReservation(databaseFor(env, ref.tenantId), ref, fromBytes, toBytes);
}
