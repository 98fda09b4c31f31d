import type { AuditRecord } from "#contract/audit.ts";
import { AppError } from "#contract/errors.ts";
import type { ExportedFile, ExportLine, ExportQuery } from "#contract/export.ts";
import type { FileId, TenantId } from "#contract/ids.ts";
import { formatTime, formatTimeOrNull } from "#contract/times.ts";
import { findArchiveAfter } from "../db/audit-archives.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { PageOf, WholeFile } from "../db/export.ts";
import { findAuditTrail, findWholeFiles } from "../db/export.ts";
import type { VersionRow } from "../db/files.ts";
import type { ObjectReader } from "../storage/object-store.ts";
import { readArchive } from "./audit-archives.ts";
import { formatEvent } from "./audit-events.ts";
import { formatTenant, requireLivingTenant } from "./tenant-admin.ts";

/** Rows of one page, which is what is in memory at a time. A file has few versions. */
const FILES_PER_PAGE = 50;
const EVENTS_PER_PAGE = 500;

/** Where an export is, behind the tenant's own line, a file's or an event's; and when it began. */
interface Place {
  readonly kind: "start" | "file" | "audit" | "end";
  /** The id of what was exported last. */
  readonly after: string;
  /**
   * The trail is exported up to here: what is recorded meanwhile, each request of the export for one, would never let it
   * come to an end.
   */
  readonly sinceMs: number;
}

const CURSOR = /^([0-9a-z]{1,10})\.(file|audit)\.([0-9a-z]*)$/;

function formatCursor(kind: "file" | "audit", after: string, { sinceMs }: Place): string {
  return `${sinceMs.toString(36)}.${kind}.${after}`;
}

function parseCursor(cursor: string | undefined, nowMs: number): Place {
  if (cursor === undefined) return { kind: "start", after: "", sinceMs: nowMs };
  if (cursor === "end") return { kind: "end", after: "", sinceMs: nowMs };
  const [, since = "", kind, after = ""] = CURSOR.exec(cursor) ?? [];
  if (kind === "file" || kind === "audit") return { kind, after, sinceMs: Number.parseInt(since, 36) };
  throw new AppError("REQUEST_INVALID", {
    errors: [{ path: "cursor", message: "is not a cursor of this export" }],
  });
}

/**
 * All records of a tenant, from a cursor on, in pages of lines that are read when they are asked for. Throws
 * `TENANT_NOT_FOUND`, `TENANT_ERASING` and `REQUEST_INVALID` for a cursor that isn't ours; the pages throw the first two
 * when the tenant is erased meanwhile, so that what is left of it never passes for the whole.
 */
export async function exportTenant(
  env: DatabaseBindings,
  objects: ObjectReader,
  tenantId: TenantId,
  { cursor, limit }: ExportQuery,
  nowMs: number,
): Promise<AsyncGenerator<readonly ExportLine[], void>> {
  const place = parseCursor(cursor, nowMs);
  await requireLivingTenant(env, tenantId);
  return limitLines(pagesFrom(env, objects, tenantId, place), limit);
}

/** `limit` lines at most: the next request goes on behind the last of them. */
async function* limitLines(
  pages: AsyncIterable<readonly ExportLine[]>,
  limit: number,
): AsyncGenerator<readonly ExportLine[], void> {
  let left = limit;
  for await (const page of pages) {
    yield page.slice(0, left);
    left -= page.length;
    if (left <= 0) return;
  }
}

async function* pagesFrom(
  env: DatabaseBindings,
  objects: ObjectReader,
  tenantId: TenantId,
  place: Place,
): AsyncGenerator<readonly ExportLine[]> {
  const db = databaseFor(env, tenantId);
  if (place.kind === "start") {
    const tenant = formatTenant(env, await requireLivingTenant(env, tenantId));
    yield [{ kind: "tenant", ...tenant, cursor: formatCursor("file", "", place) }];
  }
  if (place.kind === "start" || place.kind === "file") yield* filePages(db, tenantId, place);
  if (place.kind !== "end") yield* auditPages(db, objects, tenantId, place);
  yield [{ kind: "end", cursor: "end" }];
}

async function* filePages(
  db: Database,
  tenantId: TenantId,
  place: Place,
): AsyncGenerator<readonly ExportLine[]> {
  let { after } = place;
  for (;;) {
    const page = requireLiving(await findWholeFiles(db, tenantId, after, FILES_PER_PAGE));
    if (page.length > 0) yield page.map((found) => formatFile(found, place));
    if (page.length < FILES_PER_PAGE) return;
    after = page.at(-1)?.file.id ?? after;
  }
}

/** What is archived comes first: it is older. Each page of the database's tells whether some of it was archived meanwhile. */
async function* auditPages(
  db: Database,
  objects: ObjectReader,
  tenantId: TenantId,
  place: Place,
): AsyncGenerator<readonly ExportLine[]> {
  let after = place.kind === "audit" ? place.after : "";
  let isBehindArchives = true;
  for (;;) {
    const archive = isBehindArchives ? await findArchiveAfter(db, tenantId, after) : undefined;
    if (archive !== undefined) {
      const passed = after;
      const events = (await readArchive(objects, archive)).filter(({ id }) => id > passed);
      yield events.map((event) => formatAudit(event, place));
      after = archive.lastId;
      continue;
    }
    const found = await findAuditTrail(db, tenantId, place.sinceMs, after, EVENTS_PER_PAGE);
    const page = requireLiving(found);
    ({ isBehindArchives } = found);
    if (isBehindArchives) continue;
    if (page.length > 0) yield page.map((row) => formatAudit(formatEvent(row), place));
    if (page.length < EVENTS_PER_PAGE) return;
    after = page.at(-1)?.id ?? after;
  }
}

function requireLiving<T>({ tenant, items }: PageOf<T>): readonly T[] {
  if (tenant === undefined) throw new AppError("TENANT_NOT_FOUND");
  if (tenant.erasingAtMs !== null) throw new AppError("TENANT_ERASING");
  return items;
}

function formatAudit(event: AuditRecord, place: Place): ExportLine {
  return { kind: "audit", ...event, cursor: formatCursor("audit", event.id, place) };
}

function formatFile(found: WholeFile, place: Place): ExportedFile {
  const { file } = found;
  const { id, ownerId, filename, currentVersion, entityType, entityId, isPublic, metadata, deletedBy } = file;
  return {
    ...{
      kind: "file",
      cursor: formatCursor("file", id, place),
      id,
      ownerId,
      filename,
      currentVersion,
      entityType,
      entityId,
    },
    ...{ isPublic, metadata },
    createdAt: formatTime(file.createdAtMs),
    updatedAt: formatTime(file.updatedAtMs),
    deletedAt: formatTimeOrNull(file.deletedAtMs),
    deletedBy,
    purgeAt: formatTimeOrNull(file.purgeAtMs),
    tags: [...found.tags],
    shares: found.shares.map(({ userId, permission, sharedBy, createdAtMs, expiresAtMs }) => ({
      ...{ userId, permission, sharedBy },
      createdAt: formatTime(createdAtMs),
      expiresAt: formatTimeOrNull(expiresAtMs),
    })),
    links: found.links.map(formatLink),
    versions: found.versions.map((version) => formatVersion(found, version)),
  };
}

/** Whether there is a password is told; what it hashes to isn't. */
function formatLink(link: WholeFile["links"][number]): ExportedFile["links"][number] {
  const { id, createdBy, maxDownloads, downloads } = link;
  return {
    ...{ id, createdBy, maxDownloads, downloads },
    createdAt: formatTime(link.createdAtMs),
    expiresAt: formatTimeOrNull(link.expiresAtMs),
    revokedAt: formatTimeOrNull(link.revokedAtMs),
    hasPassword: link.passwordHash !== null,
  };
}

function formatVersion(found: WholeFile, row: VersionRow): ExportedFile["versions"][number] {
  const { tenantId, fileId, version, state, originalFilename, uploadedBy, declaredType, sniffedType } = row;
  const { fileClass, sizeBytes, sha256, properties } = row;
  const isOfVersion = (other: { readonly version: number }): boolean => other.version === version;
  return {
    ...{ version, state, originalFilename, uploadedBy, declaredType, sniffedType, fileClass },
    ...{ sizeBytes, sha256, properties },
    createdAt: formatTime(row.createdAtMs),
    storedAt: formatTimeOrNull(row.storedAtMs),
    verdicts: found.verdicts.filter(isOfVersion).map((each) => {
      const { verdict, signatureName, engine, signatureVersion, scannedAtMs, decidedBy, reason } = each;
      const scannedAt = formatTime(scannedAtMs);
      return { verdict, signatureName, engine, signatureVersion, scannedAt, decidedBy, reason };
    }),
    derivatives: found.derivatives.filter(isOfVersion).map((each) => {
      const { name, mimeType, sizeBytes: bytes, width, height, createdAtMs } = each;
      return { name, mimeType, sizeBytes: bytes, width, height, createdAt: formatTime(createdAtMs) };
    }),
    missingDerivatives: found.missingDerivatives.filter(isOfVersion).map((each) => {
      const { name, state: missing, reason, attempts, atMs } = each;
      return { name, state: missing, reason, attempts, at: formatTime(atMs) };
    }),
    contentPath: state === "clean" ? contentPath(tenantId, fileId, version) : null,
    noContent: state === "clean" ? null : state,
  };
}

function contentPath(tenantId: TenantId, fileId: FileId, version: number): string {
  return `/v1/admin/tenants/${tenantId}/files/${fileId}/versions/${version}/content`;
}
