import type { FileRecord } from "#contract/api.ts";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { useTexts } from "../use-client.ts";
import { TagsDialog } from "./tags-dialog.tsx";
import type { FileChanges } from "./use-file-changes.ts";

export interface OpenDialog {
  readonly kind: "tags" | "purge";
  readonly ids: readonly string[];
}

export interface ListDialogProps {
  readonly dialog: OpenDialog | undefined;
  readonly files: readonly FileRecord[];
  readonly changes: FileChanges;
  readonly onClose: () => void;
}

/** What is asked before files are changed. The files are those of the list, as they are now. */
export function ListDialog({ dialog, files, changes, onClose }: ListDialogProps) {
  const { fileList: texts } = useTexts();
  if (dialog === undefined) return null;
  const named = files.filter(({ id }) => dialog.ids.includes(id));
  if (dialog.kind === "tags") return <TagsDialog files={named} changes={changes} onClose={onClose} />;
  return (
    <ConfirmDialog
      title={texts.purgeQuestion(named.map(({ filename }) => filename))}
      keep={texts.cancel}
      confirm={texts.purge}
      onAnswer={(isConfirmed) => {
        onClose();
        if (isConfirmed) void changes.take(named, "purge");
      }}
    >
      {texts.purgeWarning}
    </ConfirmDialog>
  );
}
