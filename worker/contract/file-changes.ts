import { z } from "zod";
import { checkEntity, EntityName, EntityType } from "./entities.ts";
import { Problem } from "./errors.ts";
import { FileId } from "./ids.ts";
import { MAX_ORIGINAL_NAME_LENGTH } from "./names.ts";
import { Tags } from "./tags.ts";

/** Body of `PATCH /v1/files/{id}`: what isn't in it stays as it is. */
export const FileEdit = z
  .strictObject({
    filename: z.string().max(MAX_ORIGINAL_NAME_LENGTH).optional(),
    tags: Tags.optional().meta({ description: "All of its tags from now on" }),
    entityType: EntityType.nullable().optional(),
    entityId: EntityName.nullable()
      .optional()
      .meta({ description: "With entityType; both null to detach it" }),
    isPublic: z.boolean().optional().meta({ description: "Whether anybody may read it by its public URL" }),
  })
  .superRefine(checkEntity)
  .refine((edit) => Object.values(edit).some((value) => value !== undefined), "names nothing to change")
  .meta({ id: "FileEdit" });
export type FileEdit = z.infer<typeof FileEdit>;

export const MAX_BULK_FILES = 200;

const fileIds = z.array(FileId).min(1).max(MAX_BULK_FILES);

/** Body of `POST /v1/files/bulk`. */
export const BulkRequest = z
  .discriminatedUnion("action", [
    z.strictObject({ action: z.enum(["delete", "restore"]), fileIds }),
    z.strictObject({
      action: z.literal("purge"),
      fileIds,
      onlyTrash: z
        .boolean()
        .optional()
        .meta({ description: "Refuses files that aren't in the trash, as one that was restored meanwhile" }),
    }),
    z.strictObject({ action: z.enum(["tag", "untag"]), fileIds, tags: Tags.min(1) }),
    z
      .strictObject({
        action: z.literal("attach"),
        fileIds,
        entityType: EntityType.nullable(),
        entityId: EntityName.nullable(),
      })
      .superRefine(checkEntity),
  ])
  .meta({ id: "BulkRequest" });
export type BulkRequest = z.infer<typeof BulkRequest>;

export const BulkItem = z.union([
  z.object({ fileId: FileId, ok: z.literal(true) }),
  z.object({ fileId: FileId, ok: z.literal(false), error: Problem }),
]);
export type BulkItem = z.infer<typeof BulkItem>;

/** What became of each file, in the order in which they were named. */
export const BulkResponse = z.object({ items: z.array(BulkItem) }).meta({ id: "BulkResponse" });
export type BulkResponse = z.infer<typeof BulkResponse>;
