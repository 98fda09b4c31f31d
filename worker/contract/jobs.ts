import { z } from "zod";
import { FileVersionRef } from "./ids.ts";

/**
 * A queue message to the processor: check one stored version and make its derivatives. Nothing in it is secret, and it
 * may arrive more than once. `etag` binds the job to the very bytes that were stored.
 */
export const ProcessJob = FileVersionRef.extend({
  kind: z.literal("process"),
  objectKey: z.string().min(1),
  etag: z.string().min(1),
  sizeBytes: z.int().min(0),
  declaredType: z.string(),
});
export type ProcessJob = z.infer<typeof ProcessJob>;

/** Every job there is, told apart by `kind`. */
export const Job = z.discriminatedUnion("kind", [ProcessJob]);
export type Job = z.infer<typeof Job>;
