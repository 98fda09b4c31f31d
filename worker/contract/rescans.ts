import { z } from "zod";
import { FileId, RescanId, UserId } from "./ids.ts";

export const RESCAN_STATES = ["running", "paused", "done", "cancelled"] as const;

/** Signature versions as ClamAV numbers its databases. */
const SignatureVersion = z.string().regex(/^\d{1,9}$/);

/** The number of a signature version; 0, as though older than all, for what has none. */
export function signatureNumberOf(signatureVersion: string | null): number {
  return Number(/^\d{1,9}/.exec(signatureVersion ?? "")?.[0] ?? 0);
}

/** Body of `POST /v1/admin/rescans`: all clean versions of the tenant, where nothing is said. */
export const RescanRequest = z
  .strictObject({
    fileId: FileId.optional().meta({ description: "Of this file alone" }),
    olderThanSignatureVersion: SignatureVersion.optional().meta({
      description: "Those alone whose newest verdict is by older signatures, or by ones without a number",
    }),
  })
  .meta({ id: "RescanRequest" });
export type RescanRequest = z.infer<typeof RescanRequest>;

/** Scanning again what is clean, the newest files first, those in the trash too. */
export const Rescan = z
  .object({
    id: RescanId,
    state: z.enum(RESCAN_STATES),
    fileId: FileId.nullable(),
    olderThanSignatureVersion: z.string().nullable(),
    requestedBy: UserId,
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
    files: z.object({
      total: z
        .int()
        .meta({ description: "Of the tenant when it was begun: an estimate of what there is to do" }),
      seen: z.int(),
    }),
    versions: z.object({
      sent: z.int(),
      scanned: z.int(),
      found: z.int().meta({ description: "That were clean and aren't any more" }),
      failed: z.int().meta({ description: "That could not be scanned again, and are what they were" }),
    }),
  })
  .meta({ id: "Rescan" });
export type Rescan = z.infer<typeof Rescan>;

export const RescanList = z.object({ items: z.array(Rescan) }).meta({ id: "RescanList" });
export type RescanList = z.infer<typeof RescanList>;

/** So many of a tenant's may run or be paused at once. */
export const MAX_OPEN_RESCANS = 10;
/** So many are listed, the newest. */
export const MAX_LISTED_RESCANS = 100;
