import { z } from "zod";
import { AuditRecord } from "#contract/audit.ts";
import { AppError } from "#contract/errors.ts";
import type { TenantId } from "#contract/ids.ts";
import type { AuditArchive } from "../db/audit-archives.ts";
import type { ObjectReader } from "../storage/object-store.ts";

/**
 * An object of older events: lines of JSON, gzip. The first line says what it is and names the object before it with its
 * SHA-256, so that whoever has the newest object's SHA-256 (it is in the database) can tell that no event of any before it
 * was changed, added or taken away. The others are events as the API has them, the oldest first.
 */
const ArchiveHead = z.object({
  kind: z.literal("causeway-audit"),
  tenantId: z.string(),
  day: z.string(),
  part: z.int(),
  events: z.int(),
  /** null of a tenant's first. */
  previous: z.object({ key: z.string(), sha256: z.string() }).nullable(),
});
export type ArchiveHead = z.infer<typeof ArchiveHead>;

/** Most events of an object: some 2 MB of text. */
export const EVENTS_PER_ARCHIVE = 5_000;
/** So much of an object is ever in memory, unpacked: an event has 8 KB at most. */
const MAX_ARCHIVE_BYTES = 64 * 1024 * 1024;
const NEWLINE = "\n";

export interface PackedArchive {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the bytes, in hex. */
  readonly sha256: string;
}

export async function packArchive(
  head: Omit<ArchiveHead, "kind" | "events">,
  events: readonly AuditRecord[],
): Promise<PackedArchive> {
  const lines = [{ kind: "causeway-audit", ...head, events: events.length }, ...events];
  const text = lines.map((line) => JSON.stringify(line) + NEWLINE).join("");
  const bytes = await throughStream(new Blob([text]), new CompressionStream("gzip"), MAX_ARCHIVE_BYTES);
  return { bytes, sha256: await sha256Of(bytes) };
}

/** The events of an archive, the oldest first. Throws `SERVICE_UNAVAILABLE` where the object isn't what was archived. */
export async function readArchive(
  objects: ObjectReader,
  archive: AuditArchive,
): Promise<readonly AuditRecord[]> {
  const { tenantId, objectKey, sha256 } = archive;
  const object = await objects.get(objectKey, {});
  if (object === undefined) throw damaged(tenantId, objectKey, "is gone");
  const bytes = await collect(object.body, MAX_ARCHIVE_BYTES);
  if ((await sha256Of(bytes)) !== sha256) throw damaged(tenantId, objectKey, "has another SHA-256");
  const unpacked = await throughStream(new Blob([bytes]), new DecompressionStream("gzip"), MAX_ARCHIVE_BYTES);
  const [head = "", ...lines] = new TextDecoder().decode(unpacked).trimEnd().split(NEWLINE);
  ArchiveHead.parse(JSON.parse(head));
  return lines.map((line) => AuditRecord.parse(JSON.parse(line)));
}

function damaged(tenantId: TenantId, objectKey: string, what: string): AppError {
  console.error({ event: "audit-archive-damaged", tenantId, day: objectKey.split("/").at(-1), what });
  return new AppError("SERVICE_UNAVAILABLE", {
    detail: "An archived part of the audit trail can't be read.",
  });
}

async function throughStream(
  blob: Blob,
  stream: CompressionStream | DecompressionStream,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return collect(blob.stream().pipeThrough(stream), maxBytes);
}

/** Throws `SERVICE_UNAVAILABLE` for more. */
async function collect(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let sizeBytes = 0;
  for await (const piece of stream) {
    sizeBytes += piece.byteLength;
    if (sizeBytes > maxBytes)
      throw new AppError("SERVICE_UNAVAILABLE", { detail: "An archive is too large." });
    pieces.push(new Uint8Array(piece));
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
