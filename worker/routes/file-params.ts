import { z } from "@hono/zod-openapi";
import { AppError } from "#contract/errors.ts";
import { FileId } from "#contract/ids.ts";

/** What is common to routes that take a session, and to those about one file. */

export const SESSION_ERRORS = ["TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED"] as const;

export const FILE_ERRORS = ["FILE_NOT_FOUND", "PERMISSION_REQUIRED", ...SESSION_ERRORS] as const;

/** Not the id's own schema: what can't be an id is a file that isn't there, not a malformed request. */
export const FileParams = z.object({ id: z.string().meta({ description: "File id" }) });

/** Throws `FILE_NOT_FOUND` for what can't be an id. */
export function requireFileId(text: string): FileId {
  const parsed = FileId.safeParse(text);
  if (!parsed.success) throw new AppError("FILE_NOT_FOUND");
  return parsed.data;
}
