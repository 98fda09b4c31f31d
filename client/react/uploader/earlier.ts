import type { UnfinishedUpload, UploadMeta } from "../../core/types.ts";
import type { Uploader } from "../../core/uploader.ts";
import type { PickedFile } from "./picked.ts";

/** Whether an upload of an earlier visit is of this place: its file is never given to another record. */
export function isOfPlace(upload: UnfinishedUpload, { entityType, entityId, replaces }: UploadMeta): boolean {
  // Which file a new version is of isn't known of it: it may be of another.
  if (replaces !== undefined) return false;
  return upload.entityType === entityType && upload.entityId === entityId;
}

export interface Earlier {
  /**
   * Goes on with the upload that the file continues by its content; false where there is none. One of another name isn't
   * unless its user asked for that: what has the same beginning may be another file, and the record would have the earlier
   * one's name.
   */
  resume(pick: Pick<PickedFile, "file" | "folder">, isAsked: boolean): Promise<boolean>;
  /** The names of those that weren't gone on with. */
  left(): readonly string[];
}

const NONE: Earlier = { resume: async () => false, left: () => [] };

/** This place's uploads of earlier visits, for files to go on with that are chosen again. */
export async function findPreviousOf(uploader: Uploader, meta: UploadMeta): Promise<Earlier> {
  if (meta.replaces !== undefined) return NONE;
  // Without storage there is nothing of an earlier visit.
  const found = await uploader.findPrevious().catch(() => []);
  const names = new Map(
    found.filter((each) => isOfPlace(each, meta)).map(({ id, filename }) => [id, filename]),
  );
  const sizes = new Set(found.filter(({ id }) => names.has(id)).map(({ sizeBytes }) => sizeBytes));
  if (sizes.size === 0) return NONE;
  return {
    left: () => [...names.values()],
    async resume({ file, folder }, isAsked) {
      if (!sizes.has(file.size)) return false;
      const [match] = await uploader.match([file], isAsked ? {} : { folder }).catch(() => []);
      if (match === undefined || !isOfPlace(match.previous, meta)) return false;
      if (!isAsked && match.previous.filename !== file.name) return false;
      await match.previous.resume();
      names.delete(match.previous.id);
      return true;
    },
  };
}
