import { useMemo } from "react";
import type { FileRecord } from "#contract/api.ts";
import type { CausewayClient } from "../client.ts";
import type { FileChange } from "../texts/files-texts.ts";
import type { AllTexts } from "../texts/use-file-texts.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { useClient } from "../use-client.ts";
import { whyOf } from "../why.ts";
import { download } from "./download.ts";
import type { ChangeOutcome } from "./file-pages.ts";
import type { FileStore } from "./file-store.ts";
import type { ListedEntity } from "./listed-entities.ts";
import type { TakeAction } from "./taken-files.ts";
import type { Notices } from "./use-notice.ts";

/** What is done with files: a list's store, or something like it for one file. */
export type ChangedFiles = Pick<FileStore, "rename" | "tag" | "take" | "putBack" | "refresh">;

/** What a list does with its files; what came of it is told. None of them throws. */
export interface FileChanges {
  rename(file: FileRecord, filename: string): Promise<void>;
  tag(files: readonly FileRecord[], tags: readonly string[], action: "tag" | "untag"): Promise<void>;
  take(files: readonly FileRecord[], action: TakeAction): Promise<void>;
  /** @param to undefined detaches them */
  attach(files: readonly FileRecord[], to: ListedEntity | undefined): Promise<void>;
  download(files: readonly FileRecord[]): Promise<void>;
}

export function useFileChanges(store: ChangedFiles, { tell }: Pick<Notices, "tell">): FileChanges {
  const client = useClient();
  const texts = useFileTexts();
  return useMemo(() => createChanges(store, texts, tell, client), [store, texts, tell, client]);
}

const nameOf = ({ filename }: FileRecord) => filename;

function createChanges(
  store: ChangedFiles,
  texts: AllTexts,
  tell: Notices["tell"],
  client: Pick<CausewayClient, "files" | "signedUrls">,
): FileChanges {
  const { fileList } = texts;
  const complain = (text: string, retry?: () => void) =>
    tell({ text, isProblem: true, ...(retry && { retry }) });

  /** Tells of those that it wasn't done to, and offers to try it again with them. */
  async function run(
    action: FileChange,
    files: readonly FileRecord[],
    change: (ids: readonly string[]) => Promise<ChangeOutcome>,
    again: (files: readonly FileRecord[]) => Promise<void>,
  ): Promise<readonly string[]> {
    const complainOf = (left: readonly FileRecord[], why: string) =>
      complain(fileList.notDone(action, left.map(nameOf), why), () => void again(left));
    try {
      const { done, failed } = await change(files.map(({ id }) => id));
      const [first] = failed;
      if (first === undefined) return done;
      const left = new Set(failed.map(({ fileId }) => fileId));
      complainOf(
        files.filter(({ id }) => left.has(id)),
        texts.common.problem(first.error),
      );
    } catch (error) {
      complainOf(files, whyOf(error, texts));
    }
    return [];
  }

  async function putBack(files: readonly FileRecord[]): Promise<void> {
    const done = await run("restore", files, (ids) => store.putBack(ids), putBack);
    if (done.length > 0) tell({ text: fileList.restored(files.map(nameOf)), isProblem: false });
  }

  async function tag(
    files: readonly FileRecord[],
    tags: readonly string[],
    action: "tag" | "untag",
  ): Promise<void> {
    await run(
      "tags",
      files,
      (ids) => store.tag(ids, tags, action),
      (left) => tag(left, tags, action),
    );
  }

  async function take(files: readonly FileRecord[], action: TakeAction): Promise<void> {
    const done = await run(
      action,
      files,
      (ids) => store.take(action, ids),
      (left) => take(left, action),
    );
    if (done.length === 0) return;
    const words = { delete: fileList.inTrash, restore: fileList.restored, purge: fileList.purged };
    const undo = action === "delete" ? { undo: () => void putBack(files) } : {};
    tell({ text: words[action](files.map(nameOf)), isProblem: false, ...undo });
  }

  async function attach(files: readonly FileRecord[], to: ListedEntity | undefined): Promise<void> {
    const change = async (fileIds: readonly string[]): Promise<ChangeOutcome> => {
      const { entityType = null, entityId = null } = to ?? {};
      const items = await client.files.change({ action: "attach", fileIds, entityType, entityId });
      // Whether they belong to the list still is the server's to say.
      void store.refresh();
      const failed = items.flatMap((item) => (item.ok ? [] : [item]));
      return { failed, done: items.filter(({ ok }) => ok).map(({ fileId }) => fileId) };
    };
    const done = await run("attach", files, change, (left) => attach(left, to));
    if (done.length === 0) return;
    const filenames = files.map(nameOf);
    const text = to === undefined ? fileList.detached(filenames) : fileList.attached(filenames, to.label);
    tell({ text, isProblem: false });
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
    tag,
    take,
    attach,
    async download(files) {
      try {
        const refused = await download(client.signedUrls.createSome, files);
        if (refused.length > 0) complain(fileList.notDone("download", refused, ""));
      } catch (error) {
        complain(fileList.notDone("download", files.map(nameOf), whyOf(error, texts)));
      }
    },
  };
}
