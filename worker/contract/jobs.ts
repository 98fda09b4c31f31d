import { z } from "zod";
import { FileVersionRef } from "./ids.ts";
import { PageImageName } from "./page-images.ts";
import { RepairJob } from "./repairs.ts";

/** Digests of a whole file, as RFC 9530 names them: algorithm → base64. */
export const ReprDigests = z.partialRecord(z.enum(["sha-256", "sha-512"]), z.base64());
export type ReprDigests = Readonly<z.infer<typeof ReprDigests>>;
export type ReprDigestName = keyof z.infer<typeof ReprDigests>;

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
  /** What the client announced and the edge could not compare: bytes that have another digest are never clean. */
  expectedDigests: ReprDigests.optional(),
  /** Whether it is to scan again what is clean. The start report's answer decides whether that is still wanted. */
  rescan: z.boolean().optional(),
});
export type ProcessJob = z.infer<typeof ProcessJob>;

/** A queue message to the processor: draw one page of a clean version that is a PDF, or has one as its preview. */
export const PageJob = FileVersionRef.extend({
  kind: z.literal("page"),
  objectKey: z.string().min(1),
  etag: z.string().min(1),
  sizeBytes: z.int().min(0),
  name: PageImageName,
  /** Of the PDF that stands for it, where the version isn't one itself. */
  previewKey: z.string().min(1).optional(),
});
export type PageJob = z.infer<typeof PageJob>;

/**
 * A queue message to the processor: copy a clean version to the targets that it isn't stored at. Which these are is asked
 * when the job is begun: one that comes twice finds nothing to do.
 */
export const CopyJob = FileVersionRef.extend({
  kind: z.literal("copy"),
  objectKey: z.string().min(1),
  etag: z.string().min(1),
  sizeBytes: z.int().min(0),
});
export type CopyJob = z.infer<typeof CopyJob>;

/** A queue message to the processor: remove at its targets what is dead. What that is is asked when it is begun. */
export const RemoveCopiesJob = z.object({ kind: z.literal("remove-copies") });
export type RemoveCopiesJob = z.infer<typeof RemoveCopiesJob>;

/** Every job there is, told apart by `kind`. */
export const Job = z.discriminatedUnion("kind", [ProcessJob, PageJob, CopyJob, RemoveCopiesJob, RepairJob]);
export type Job = z.infer<typeof Job>;
