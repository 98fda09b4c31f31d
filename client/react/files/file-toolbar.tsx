import { useMemo, useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button } from "../ui/button.tsx";
import { Root } from "../ui/root.tsx";
import { useClient } from "../use-client.ts";
import { changesOfOne } from "./changes-of-one.ts";
import { ACTION_ICONS, actionsOn, type FileAction } from "./file-actions.ts";
import { ListDialog, type OpenDialog } from "./list-dialog.tsx";
import { ListNotice } from "./list-notice.tsx";
import type { ListedEntity } from "./listed-entities.ts";
import { RenameDialog } from "./rename-dialog.tsx";
import { useFileChanges } from "./use-file-changes.ts";
import { useNotice } from "./use-notice.ts";

export interface FileToolbarProps {
  readonly file: FileRecord;
  readonly onShare?: (file: FileRecord) => void;
  /** Whether the user may rename, tag, share and delete it. True, and a refusal is told. */
  readonly mayChange?: boolean;
  /** What it can be attached to. */
  readonly entities?: readonly ListedEntity[];
  /** Called when it was changed here: `refresh` of `useFile` asks for it anew. */
  readonly onChanged?: () => void;
  /** Called when it was deleted for good. */
  readonly onGone?: () => void;
}

/** What a file's page is opened for, mostly. */
const MAIN: ReadonlySet<FileAction> = new Set(["download", "restore"]);
const NO_ENTITIES: readonly ListedEntity[] = [];
const nobody = () => {};

/** What can be done with one file, and what came of it: what is deleted can be had back. */
export function FileToolbar(props: FileToolbarProps) {
  const { file, onShare, mayChange = true, onChanged = nobody, onGone = nobody } = props;
  const { entities = NO_ENTITIES } = props;
  const { files } = useClient();
  const { fileList: texts } = useFileTexts();
  const [asked, setAsked] = useState<OpenDialog["kind"] | "rename">();
  const notices = useNotice();
  const store = useMemo(() => changesOfOne(files, { onChanged, onGone }), [files, onChanged, onGone]);
  const changes = useFileChanges(store, notices);
  const actions = actionsOn(file, {
    ...{ isTrash: file.state === "deleted", canOpen: false, canShare: onShare !== undefined },
    ...{ canAttach: entities.length > 0, mayChange: () => mayChange },
  });
  const act = (action: FileAction) => {
    switch (action) {
      case "open":
        break;
      case "share":
        onShare?.(file);
        break;
      case "download":
        void changes.download([file]);
        break;
      case "rename":
      case "tags":
      case "attach":
      case "purge":
        setAsked(action);
        break;
      case "delete":
      case "restore":
        void changes.take([file], action);
        break;
    }
  };
  const close = () => setAsked(undefined);
  return (
    <Root className="cw-file-toolbar" aria-label={texts.actionsOf(file.filename)}>
      <div className="cw-file-buttons">
        {actions.map((action) => (
          <Button
            key={action}
            icon={ACTION_ICONS[action]}
            look={MAIN.has(action) ? "accent" : "plain"}
            onClick={() => act(action)}
          >
            {texts[action]}
          </Button>
        ))}
      </div>
      <ListNotice {...notices} />
      {asked === "rename" && (
        <RenameDialog file={file} onRename={(name) => void changes.rename(file, name)} onClose={close} />
      )}
      <ListDialog
        dialog={asked === undefined || asked === "rename" ? undefined : { kind: asked, ids: [file.id] }}
        files={[file]}
        entities={entities}
        changes={changes}
        onClose={close}
      />
    </Root>
  );
}
