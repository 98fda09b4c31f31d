import { z } from "@hono/zod-openapi";
import { AppError } from "#contract/errors.ts";
import { FileId } from "#contract/ids.ts";

/** What is common to routes about one file. */

export const FILE_ERRORS = ["FILE_NOT_FOUND", "PERMISSION_REQUIRED"] as const;

/** Not the id's own schema: what can't be an id is a file that isn't there, not a malformed request. */
export const FileParams = z.object({ id: z.string().meta({ description: "File id" }) });

/** Throws `FILE_NOT_FOUND` for what can't be an id. */
export function requireFileId(text: string): FileId {
  const parsed = FileId.safeParse(text);
  if (!parsed.success) throw new AppError("FILE_NOT_FOUND");
  return parsed.data;
}
