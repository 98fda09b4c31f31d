import { z } from "zod";
import { FileId, FileVersionRef } from "./ids.ts";
import { TargetName } from "./replicas.ts";

/** How the primary's object of a clean version is made again, of its copy at a replica target. */

/** What the record says of the object. */
const RecordedObject = FileVersionRef.extend({
  objectKey: z.string().min(1),
  etag: z.string().min(1),
  sizeBytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  target: TargetName,
});

/** A queue message to the processor. An object that has the recorded etag is left alone, so the job twice changes nothing. */
export const RepairJob = RecordedObject.extend({
  kind: z.literal("repair"),
  contentType: z.string().min(1),
  /** Whether the etag isn't enough for that: somebody has read the object. It is left alone where its bytes are the recorded ones. */
  comparesBytes: z.boolean().optional(),
});
export type RepairJob = z.infer<typeof RepairJob>;

/** The primary's object was made again: its bytes have the recorded SHA-256. */
export const RepairReport = RecordedObject.extend({
  kind: z.literal("repair"),
  /** The store's own of what was written: one that was written in other parts has another. */
  newEtag: z.string().min(1),
});
export type RepairReport = z.infer<typeof RepairReport>;

/** The primary hasn't the object of a clean version that is to be read: it is wanted again, of a copy. */
export const MissingObjectReport = FileVersionRef.extend({
  kind: z.literal("missing-object"),
  etag: z.string().min(1),
  sizeBytes: z.int().min(0),
});
export type MissingObjectReport = z.infer<typeof MissingObjectReport>;

/** Whether there is a copy, of which it is being made again. */
export const MissingObjectAnswer = z.object({ isBeingRepaired: z.boolean() });
export type MissingObjectAnswer = z.infer<typeof MissingObjectAnswer>;

/** Most versions of one request. */
export const MAX_REPAIRS = 100;

/** Body of `POST /v1/admin/replicas/repair`. */
export const RepairRequest = z
  .strictObject({
    versions: z
      .array(
        z.strictObject({
          fileId: FileId,
          version: z.int().min(1),
          target: TargetName.meta({ description: "Whose copy is tried first" }),
        }),
      )
      .min(1)
      .max(MAX_REPAIRS),
  })
  .meta({ id: "RepairRequest" });
export type RepairRequest = z.infer<typeof RepairRequest>;

const RepairedVersion = z.object({ fileId: FileId, version: z.int() });

/** What is being made again, and what isn't. */
export const QueuedRepairs = z
  .object({
    queued: z.array(RepairedVersion),
    skipped: z.array(RepairedVersion.extend({ reason: z.string() })).meta({
      description: "What isn't a clean version of the tenant's, or is being purged; `reason` is for people",
    }),
  })
  .meta({ id: "QueuedRepairs" });
export type QueuedRepairs = z.infer<typeof QueuedRepairs>;
