import { Menu } from "@base-ui/react/menu";
import type { FileRecord } from "#contract/api.ts";
import { type MenuAnchor, MenuItem, MenuPopup } from "../ui/menu.tsx";
import { useTexts } from "../use-client.ts";
import { ACTION_ICONS, type ActionRules, actionsOn, type FileAction } from "./file-actions.ts";

/** Where a file's menu is open. */
export interface MenuPlace {
  readonly file: FileRecord;
  readonly anchor: MenuAnchor;
}

export interface FileMenuProps {
  readonly place: MenuPlace | undefined;
  readonly rules: ActionRules;
  readonly onAct: (action: FileAction, files: readonly FileRecord[]) => void;
  readonly onClose: () => void;
  /** Where the keyboard goes on: the file may be gone by then, or have its name changed. */
  readonly finalFocus: () => HTMLElement | null;
}

const DANGERS: ReadonlySet<FileAction> = new Set(["delete", "purge"]);

/** What can be done with one file: one menu for all rows, at the row, its button or the pointer. */
export function FileMenu({ place, rules, onAct, onClose, finalFocus }: FileMenuProps) {
  const { fileList: texts } = useTexts();
  return (
    <Menu.Root open={place !== undefined} onOpenChange={(isOpen) => !isOpen && onClose()} modal={false}>
      {place !== undefined && (
        <MenuPopup anchor={place.anchor} label={texts.actionsOf(place.file.filename)} finalFocus={finalFocus}>
          {actionsOn(place.file, rules).map((action) => (
            <MenuItem
              key={action}
              icon={ACTION_ICONS[action]}
              isDanger={DANGERS.has(action)}
              onClick={() => onAct(action, [place.file])}
            >
              {texts[action]}
            </MenuItem>
          ))}
        </MenuPopup>
      )}
    </Menu.Root>
  );
}
