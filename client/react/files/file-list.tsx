import { useMemo, useRef, useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Root } from "../ui/root.tsx";
import { useClient } from "../use-client.ts";
import { BulkBar } from "./bulk-bar.tsx";
import { EmptyTrash } from "./empty-trash.tsx";
import { type ActionRules, type FileAction, actionsOnAll } from "./file-actions.ts";
import { FileGrid } from "./file-grid.tsx";
import { FileMenu, type MenuPlace } from "./file-menu.tsx";
import type { FilesQuery } from "./files-api.ts";
import { isNarrowed, type ListChoice, NO_CHOICE, queryOf } from "./list-choice.ts";
import { ListDialog, type OpenDialog } from "./list-dialog.tsx";
import { ListFilters } from "./list-filters.tsx";
import { ListNotice } from "./list-notice.tsx";
import { ListState } from "./list-state.tsx";
import { ListToolbar } from "./list-toolbar.tsx";
import type { ListedEntity } from "./listed-entities.ts";
import { createThumbnails } from "./thumbnails.ts";
import { useFileChanges } from "./use-file-changes.ts";
import { useFiles } from "./use-files.ts";
import { useNotice } from "./use-notice.ts";
import { useSelection } from "./use-selection.ts";

export interface FileListProps {
  /** What is listed: of an entity, the trash, … By default everything that the user has. */
  readonly query?: FilesQuery;
  readonly label?: string;
  readonly initialView?: "list" | "grid";
  /** What is looked for at first. */
  readonly initialChoice?: Partial<ListChoice>;
  /** Called with what is looked for, for whoever has it again as `initialChoice`. */
  readonly onChoice?: (choice: ListChoice) => void;
  /** Called with a file that is opened, and those that it stands among. */
  readonly onOpen?: (file: FileRecord, files: readonly FileRecord[]) => void;
  readonly onShare?: (file: FileRecord) => void;
  /** Whether the user may rename, tag, share and delete it; by default all of them, and a refusal is told. */
  readonly mayChange?: (file: FileRecord) => boolean;
  /** What files of the list may be attached to: named in their rows, and filtered by. */
  readonly entities?: readonly ListedEntity[];
  /** What they can be attached to: `entities` where it isn't given. */
  readonly attachTo?: readonly ListedEntity[];
  /** A user's name by their id. */
  readonly nameOf?: (userId: string) => string;
}

/** Everything that the user has. */
const DEFAULTS: Required<Pick<FileListProps, "query" | "mayChange" | "nameOf" | "entities" | "initialView">> =
  {
    query: {},
    mayChange: () => true,
    nameOf: (userId) => userId,
    entities: [],
    initialView: "list",
  };

/** The field of a name that is being changed, else the row that the keyboard is at. */
function placeOfKeyboard(list: HTMLElement | null): HTMLElement | null {
  const find = (selector: string) => list?.querySelector<HTMLElement>(selector) ?? null;
  // The field lies in the row.
  return find(".cw-file-rename input") ?? find("[data-file-id][tabindex='0']");
}

/** A list of stored files: searched, sorted, filtered, chosen from and changed. */
export function FileList(props: FileListProps) {
  const { query, label, onOpen, onShare, mayChange, nameOf, entities, initialView } = {
    ...DEFAULTS,
    ...props,
  };
  const { attachTo = entities } = props;
  const client = useClient();
  const { fileList: texts } = useFileTexts();
  const root = useRef<HTMLElement>(null);
  const [choice, setChoice] = useState<ListChoice>({ ...NO_CHOICE, ...props.initialChoice });
  const choose = (next: ListChoice) => {
    setChoice(next);
    props.onChoice?.(next);
  };
  const [view, setView] = useState(initialView);
  const [menu, setMenu] = useState<MenuPlace>();
  const [renaming, setRenaming] = useState<string>();
  const [dialog, setDialog] = useState<OpenDialog>();
  const isTrash = query.trash === "true";
  const list = useFiles(queryOf(query, choice));
  const { files, store } = list;
  // It empties all of the trash, and says how much that is: so all of it is to be seen.
  const canBeEmptied = isTrash && files.length > 0 && !isNarrowed(choice) && !list.isStale;
  const selection = useSelection(files);
  const notices = useNotice();
  const changes = useFileChanges(store, notices);
  const thumbnails = useMemo(() => createThumbnails(client.signedUrls.createSome), [client]);
  const rules: ActionRules = {
    ...{ isTrash, mayChange },
    ...{ canOpen: onOpen !== undefined, canShare: onShare !== undefined },
    canAttach: attachTo.length > 0,
  };
  const chosen = files.filter(({ id }) => selection.current.ids.has(id));

  const act = (action: FileAction, on: readonly FileRecord[]) => {
    const [file] = on;
    if (file === undefined) return;
    switch (action) {
      case "open":
        onOpen?.(file, files);
        break;
      case "share":
        onShare?.(file);
        break;
      case "rename":
        setRenaming(file.id);
        break;
      case "download":
        void changes.download(on);
        break;
      case "tags":
      case "attach":
      case "purge":
        setDialog({ kind: action, ids: on.map(({ id }) => id) });
        break;
      case "delete":
      case "restore":
        void changes.take(on, action);
        break;
    }
  };

  return (
    <Root ref={root} className="cw-files" aria-label={label ?? texts.label}>
      <ListToolbar choice={choice} onChoice={choose} view={view} onView={setView} isTrash={isTrash}>
        {canBeEmptied && <EmptyTrash {...{ query, store, mayChange, tell: notices.tell }} />}
      </ListToolbar>
      {chosen.length === 0 ? (
        <ListFilters {...{ choice, files, entities, isTrash }} onChoice={choose} />
      ) : (
        <BulkBar
          count={chosen.length}
          actions={actionsOnAll(chosen, rules)}
          onAct={(action) => act(action, chosen)}
          onClear={selection.clear}
        />
      )}
      {files.length === 0 ? (
        <ListState list={list} isFiltered={isNarrowed(choice)} isTrash={isTrash} view={view} />
      ) : (
        <FileGrid
          {...{ list, view, selection, thumbnails, renaming, rules, nameOf, entities }}
          {...{ choice, onChoice: choose, onAct: act, onMenu: setMenu }}
          label={label ?? texts.label}
          onRename={(file, filename) => {
            setRenaming(undefined);
            if (filename !== undefined) void changes.rename(file, filename);
          }}
        />
      )}
      <ListNotice {...notices} />
      <FileMenu
        {...{ place: menu, chosen, rules, onAct: act }}
        onClose={() => setMenu(undefined)}
        finalFocus={() => placeOfKeyboard(root.current)}
      />
      <ListDialog {...{ dialog, files, changes, entities: attachTo }} onClose={() => setDialog(undefined)} />
    </Root>
  );
}
