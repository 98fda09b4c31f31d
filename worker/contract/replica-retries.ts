import { z } from "zod";
import { FileId } from "./ids.ts";
import { TargetName } from "./replicas.ts";

/** Most versions of one request. */
export const MAX_RETRIED = 100;

/** Body of `POST /v1/admin/replicas/retry`. */
export const CopyRetryRequest = z
  .strictObject({
    target: TargetName.optional().meta({ description: "All of them where it isn't said" }),
    versions: z
      .array(z.strictObject({ fileId: FileId, version: z.int().min(1) }))
      .min(1)
      .max(MAX_RETRIED)
      .optional()
      .meta({
        description:
          "Whose copies at `target` somebody has found missing or wrong: they count as stored no more, and are made again now",
      }),
  })
  .refine(({ target, versions }) => versions === undefined || target !== undefined, {
    path: ["target"],
    message: "is needed with versions",
  })
  .meta({ id: "CopyRetryRequest" });
export type CopyRetryRequest = z.infer<typeof CopyRetryRequest>;

/** What is tried again within a minute. */
export const RetriedCopies = z.object({ copies: z.int(), removals: z.int() }).meta({ id: "RetriedCopies" });
export type RetriedCopies = z.infer<typeof RetriedCopies>;
