import { useMemo } from "react";
import type { FileRecord } from "#contract/api.ts";
import type { AllTexts } from "../texts/use-file-texts.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { useClient } from "../use-client.ts";
import { whyOf } from "../why.ts";
import { download } from "./download.ts";
import type { ChangeOutcome } from "./file-pages.ts";
import type { FileStore } from "./file-store.ts";
import type { SignUrls } from "./files-api.ts";
import type { Notices } from "./use-notice.ts";

/** What is done with files: a list's store, or something like it for one file. */
export type ChangedFiles = Pick<FileStore, "rename" | "tag" | "take" | "putBack">;

/** What a list does with its files; what came of it is told. None of them throws. */
export interface FileChanges {
  rename(file: FileRecord, filename: string): Promise<void>;
  tag(files: readonly FileRecord[], tags: readonly string[], action: "tag" | "untag"): Promise<void>;
  take(files: readonly FileRecord[], action: "delete" | "restore" | "purge"): Promise<void>;
  download(files: readonly FileRecord[]): Promise<void>;
}

export function useFileChanges(store: ChangedFiles, { tell }: Pick<Notices, "tell">): FileChanges {
  const client = useClient();
  const texts = useFileTexts();
  return useMemo(
    () => createChanges(store, texts, tell, client.signedUrls.createSome),
    [store, texts, tell, client],
  );
}

function createChanges(
  store: ChangedFiles,
  texts: AllTexts,
  tell: Notices["tell"],
  sign: SignUrls,
): FileChanges {
  const { fileList } = texts;
  const complain = (text: string) => tell({ text, isProblem: true });

  /** Tells of those that it wasn't done to. */
  async function run(count: number, change: () => Promise<ChangeOutcome>): Promise<readonly string[]> {
    try {
      const { done, failed } = await change();
      const [first] = failed;
      if (first !== undefined) complain(fileList.notDone(failed.length, texts.common.problem(first.error)));
      return failed.length > 0 ? [] : done;
    } catch (error) {
      complain(fileList.notDone(count, whyOf(error, texts)));
      return [];
    }
  }

  async function putBack(ids: readonly string[], filenames: readonly string[]): Promise<void> {
    const done = await run(ids.length, () => store.putBack(ids));
    if (done.length > 0) tell({ text: fileList.restored(filenames), isProblem: false });
  }

  return {
    async rename(file, filename) {
      try {
        await store.rename(file.id, filename);
        tell({ text: fileList.renamed(file.filename, filename), isProblem: false });
      } catch (error) {
        complain(fileList.notRenamed(file.filename, whyOf(error, texts)));
      }
    },
    async tag(files, tags, action) {
      const ids = files.map(({ id }) => id);
      await run(ids.length, () => store.tag(ids, tags, action));
    },
    async take(files, action) {
      const [ids, filenames] = [files.map(({ id }) => id), files.map(({ filename }) => filename)];
      const done = await run(ids.length, () => store.take(action, ids));
      if (done.length === 0) return;
      const words = { delete: fileList.inTrash, restore: fileList.restored, purge: fileList.purged };
      const undo = action === "delete" ? { undo: () => void putBack(ids, filenames) } : {};
      tell({ text: words[action](filenames), isProblem: false, ...undo });
    },
    async download(files) {
      try {
        const refused = await download(sign, files);
        if (refused > 0) complain(fileList.notDone(refused, ""));
      } catch (error) {
        complain(fileList.notDone(files.length, whyOf(error, texts)));
      }
    },
  };
}
