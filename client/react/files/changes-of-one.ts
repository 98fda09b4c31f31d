import type { BulkInput } from "#contract/inputs.ts";
import type { ChangeOutcome } from "./file-pages.ts";
import type { FilesApi } from "./files-api.ts";
import { takeInput } from "./taken-files.ts";
import type { ChangedFiles } from "./use-file-changes.ts";

export interface ChangesHeard {
  /** The file isn't as it was. */
  onChanged(): void;
  /** It is gone for good. */
  onGone(): void;
}

/** Changes of a file that is shown by itself, in place of a list's store. */
export function changesOfOne(
  files: Pick<FilesApi, "edit" | "change">,
  { onChanged, onGone }: ChangesHeard,
): ChangedFiles {
  async function change(input: BulkInput): Promise<ChangeOutcome> {
    const items = await files.change(input);
    const done = items.filter(({ ok }) => ok).map(({ fileId }) => fileId);
    if (input.action === "purge" && done.length > 0) onGone();
    else onChanged();
    return { done, failed: items.flatMap((item) => (item.ok ? [] : [item])) };
  }
  return {
    async rename(id, filename) {
      await files.edit(id, { filename });
      onChanged();
    },
    tag: (fileIds, tags, action) => change({ action, fileIds, tags }),
    take: (action, fileIds) => change(takeInput(action, fileIds)),
    refresh: async () => onChanged(),
    putBack: (fileIds) => change({ action: "restore", fileIds }),
  };
}
