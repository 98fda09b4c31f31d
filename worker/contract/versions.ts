import { z } from "zod";
import type { FileVersionRef } from "./ids.ts";
import { UserId } from "./ids.ts";
import { Verdict, VersionState } from "./version-states.ts";

/** One version of a file, as its history shows it. */
export const FileVersion = z
  .object({
    version: z.int().min(1),
    isCurrent: z.boolean(),
    state: VersionState,
    originalFilename: z.string().meta({ description: "The name that it was uploaded by, as declared" }),
    mimeType: z.string(),
    sizeBytes: z.int().min(0).nullable(),
    sha256: z.string().nullable(),
    verdict: Verdict.nullable(),
    signatureName: z.string().nullable(),
    reason: z.string().nullable().meta({ description: "Why it is blocked, for people; null where it isn't" }),
    uploadedBy: UserId.nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "FileVersion" });
export type FileVersion = z.infer<typeof FileVersion>;

/** A version's own path: where it is asked what has become of it. */
export function versionPath({ fileId, version }: Pick<FileVersionRef, "fileId" | "version">): string {
  return `/v1/files/${fileId}/versions/${version}`;
}

/** Query of `GET /v1/files/{id}/versions`. */
export const FileVersionsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, "is not a cursor of this list")
    .optional()
    .meta({ description: "`nextCursor` of the page before" }),
});
export type FileVersionsQuery = z.infer<typeof FileVersionsQuery>;

export const FileVersionList = z
  .object({ items: z.array(FileVersion), nextCursor: z.string().nullable() })
  .meta({ id: "FileVersionList" });
export type FileVersionList = z.infer<typeof FileVersionList>;
