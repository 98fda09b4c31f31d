import { AppError } from "#contract/errors.ts";
import { FileId } from "#contract/ids.ts";
import type { VersionPlace } from "../db/failed-jobs.ts";

/** Cursors of lists of versions by a time: where a page ended. */
const CURSOR = /^([0-9a-z]{1,10})\.([0-9a-z]{26})\.([1-9]\d{0,8})$/;

export function formatVersionCursor({ atMs, fileId, version }: VersionPlace): string {
  return `${atMs.toString(36)}.${fileId}.${version}`;
}

/** Throws `REQUEST_INVALID` for what isn't one. */
export function parseVersionCursor(cursor: string | undefined): VersionPlace | undefined {
  if (cursor === undefined) return undefined;
  const [, atMs = "", fileId, version] = CURSOR.exec(cursor) ?? [];
  const id = FileId.safeParse(fileId);
  if (id.success) return { atMs: Number.parseInt(atMs, 36), fileId: id.data, version: Number(version) };
  throw new AppError("REQUEST_INVALID", {
    errors: [{ path: "cursor", message: "is not a cursor of this list" }],
  });
}
