import type { FileRecord } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { AttachDialog } from "./attach-dialog.tsx";
import type { ListedEntity } from "./listed-entities.ts";
import { TagsDialog } from "./tags-dialog.tsx";
import type { FileChanges } from "./use-file-changes.ts";

export interface OpenDialog {
  readonly kind: "tags" | "attach" | "purge";
  readonly ids: readonly string[];
}

export interface ListDialogProps {
  readonly dialog: OpenDialog | undefined;
  readonly files: readonly FileRecord[];
  /** What they may be attached to. */
  readonly entities: readonly ListedEntity[];
  readonly changes: FileChanges;
  readonly onClose: () => void;
}

/** What is asked before files are changed. The files are those of the list, as they are now. */
export function ListDialog({ dialog, files, entities, changes, onClose }: ListDialogProps) {
  const { fileList: texts } = useFileTexts();
  if (dialog === undefined) return null;
  const ids = new Set(dialog.ids);
  const named = files.filter(({ id }) => ids.has(id));
  if (dialog.kind === "tags") return <TagsDialog files={named} changes={changes} onClose={onClose} />;
  if (dialog.kind === "attach") return <AttachDialog files={named} {...{ entities, changes, onClose }} />;
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
