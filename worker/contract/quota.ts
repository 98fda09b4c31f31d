import { z } from "zod";
import { MINIMUM_CHARGE_BYTES } from "./charges.ts";

export const QUOTA_LEVELS = ["ok", "warning", "critical"] as const;

const Bytes = z.int().min(0);

/** `GET /v1/quota`. Derivatives are told and not counted. */
export const Quota = z
  .object({
    quotaBytes: Bytes,
    usedBytes: Bytes.meta({
      description:
        "All stored versions, and what is reserved for uploads under way. Each counts " +
        `${MINIMUM_CHARGE_BYTES} bytes at least`,
    }),
    reservedBytes: Bytes.meta({ description: "Of usedBytes: held for uploads under way" }),
    availableBytes: Bytes.meta({ description: "What new uploads may bring" }),
    filesBytes: Bytes.meta({ description: "Of usedBytes: current versions" }),
    versionsBytes: Bytes.meta({ description: "Of usedBytes: versions that aren't current" }),
    trashBytes: Bytes.meta({ description: "Of usedBytes: files in the trash, with all of their versions" }),
    derivativesBytes: Bytes.meta({ description: "Thumbnails and the like: not counted" }),
    fileCount: z.int().min(0).meta({ description: "Files, those in the trash and under way too" }),
    openUploads: z.int().min(0).meta({
      description: "Uploads under way, and partial ones that nobody has joined",
    }),
    level: z.enum(QUOTA_LEVELS).meta({ description: "critical from 95 % of the quota on" }),
    warningThreshold: z
      .int()
      .meta({ description: "Per cent of the quota from which on the level is warning" }),
  })
  .meta({ id: "Quota" });
export type Quota = z.infer<typeof Quota>;
export type QuotaLevel = Quota["level"];
