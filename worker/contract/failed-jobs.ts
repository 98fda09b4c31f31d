import { z } from "zod";
import { FileId } from "./ids.ts";

/** A job of the tenant's that was tried as often as jobs are. */
export const FailedJob = z
  .object({
    fileId: FileId,
    version: z.int().min(1),
    filename: z.string(),
    state: z.enum(["quarantined", "clean"]).meta({
      description: "Of the version: quarantined waits for its check, clean for what is made of it",
    }),
    code: z.string(),
    detail: z.string().meta({ description: "A sentence for people" }),
    attempts: z.int(),
    failedAt: z.iso.datetime(),
  })
  .meta({ id: "FailedJob" });
export type FailedJob = z.infer<typeof FailedJob>;

const MAX_PAGE = 200;

/** Query of lists of versions, the newest event first. */
export const VersionListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50),
  cursor: z.string().max(100).optional().meta({ description: "`nextCursor` of the page before" }),
});
export type VersionListQuery = z.infer<typeof VersionListQuery>;

export const FailedJobPage = z
  .object({ items: z.array(FailedJob), nextCursor: z.string().nullable() })
  .meta({ id: "FailedJobPage" });
export type FailedJobPage = z.infer<typeof FailedJobPage>;

/** So many are retried by one call at most: what one request may ask of the queue is bounded. */
export const MAX_RETRIED_JOBS = 500;

export const RetriedJobs = z
  .object({
    retried: z.int(),
    left: z.int().meta({ description: "That are still there: call again" }),
  })
  .meta({ id: "RetriedJobs" });
export type RetriedJobs = z.infer<typeof RetriedJobs>;
