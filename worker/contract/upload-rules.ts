import { z } from "zod";
import { FILE_CLASSES } from "./file-types.ts";

const Extensions = z.array(z.string()).meta({ description: "In small letters, without their dot" });

const AcceptedType = z
  .object({
    mimeType: z.string(),
    type: z.string().meta({ description: "The older name of mimeType", deprecated: true }),
    fileClass: z.enum(FILE_CLASSES),
    extensions: Extensions.meta({
      description: "What a name of this type may end in; the first is the usual one",
    }),
  })
  .meta({ id: "AcceptedType" });

/** `GET /v1/upload-rules`: what is checked before any byte is taken, as it is for whoever asks. */
export const UploadRulesResponse = z
  .object({
    types: z.array(AcceptedType).meta({ description: "All that are accepted" }),
    blockedExtensions: Extensions.meta({ description: "Refused whatever type is declared" }),
    maxBytes: z.record(z.enum(FILE_CLASSES), z.int().min(0)).meta({ description: "Largest file, by class" }),
    maxAppendBytes: z.int().min(1).nullable().meta({
      description: "Longest body of one request; null where there is no limit but the file's own",
    }),
    availableBytes: z.int().min(0).meta({ description: "What is left of the tenant's quota" }),
  })
  .meta({ id: "UploadRules" });
export type UploadRulesResponse = z.infer<typeof UploadRulesResponse>;
