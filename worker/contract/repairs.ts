import { z } from "zod";
import { FileVersionRef } from "./ids.ts";
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
});
export type RepairJob = z.infer<typeof RepairJob>;

/** The primary's object was made again: its bytes have the recorded SHA-256. */
export const RepairReport = RecordedObject.extend({
  kind: z.literal("repair"),
  /** The store's own of what was written: one that was written in other parts has another. */
  newEtag: z.string().min(1),
});
export type RepairReport = z.infer<typeof RepairReport>;
