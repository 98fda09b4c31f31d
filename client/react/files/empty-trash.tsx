import { useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { useClient } from "../use-client.ts";
import { whyOf } from "../why.ts";
import type { FileStore } from "./file-store.ts";
import type { FilesQuery } from "./files-api.ts";
import { takeInput } from "./taken-files.ts";
import type { Notices } from "./use-notice.ts";

export interface EmptyTrashProps {
  readonly query: FilesQuery;
  readonly store: FileStore;
  readonly mayChange: (file: FileRecord) => boolean;
  readonly tell: Notices["tell"];
}

/** Deletes for good all that is in the trash, also what hasn't been listed yet: after a question. */
export function EmptyTrash({ query, store, mayChange, tell }: EmptyTrashProps) {
  const { files } = useClient();
  const texts = useFileTexts();
  const { fileList } = texts;
  const count = store.state.files.filter(mayChange).length;
  const [isAsked, setAsked] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const empty = async () => {
    setBusy(true);
    try {
      const filenames = new Map<string, string>();
      for await (const file of files.all(query)) if (mayChange(file)) filenames.set(file.id, file.filename);
      const ids = [...filenames.keys()];
      const items = ids.length === 0 ? [] : await files.change(takeInput("purge", ids));
      const failed = items.flatMap((item) => (item.ok ? [] : [item]));
      const [first] = failed;
      if (first === undefined) tell({ text: fileList.emptied(items.length), isProblem: false });
      else {
        const names = failed.map(({ fileId }) => filenames.get(fileId) ?? fileId);
        tell({ text: fileList.notDone("purge", names, texts.common.problem(first.error)), isProblem: true });
      }
    } catch (error) {
      tell({ text: whyOf(error, texts), isProblem: true });
    }
    setBusy(false);
    void store.refresh();
  };
  return (
    <>
      <Button icon="trash" disabled={isBusy} onClick={() => setAsked(true)}>
        {fileList.emptyNow}
      </Button>
      {isAsked && (
        <ConfirmDialog
          title={fileList.emptyQuestion(count, store.state.hasMore)}
          keep={fileList.cancel}
          confirm={fileList.purge}
          onAnswer={(isConfirmed) => {
            setAsked(false);
            if (isConfirmed) void empty();
          }}
        >
          {fileList.purgeWarning}
        </ConfirmDialog>
      )}
    </>
  );
}
