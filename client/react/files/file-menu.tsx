import { Menu } from "@base-ui/react/menu";
import type { FileRecord } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { type MenuAnchor, MenuItem, MenuPopup } from "../ui/menu.tsx";
import { ACTION_ICONS, type ActionRules, actionsOn, actionsOnAll, type FileAction } from "./file-actions.ts";

/** Where a file's menu is open. */
export interface MenuPlace {
  readonly file: FileRecord;
  readonly anchor: MenuAnchor;
  /** Whether it is the menu of all that are chosen, of which the file is one. */
  readonly isOfAll?: boolean;
}

export interface FileMenuProps {
  readonly place: MenuPlace | undefined;
  /** Those that are chosen. */
  readonly chosen: readonly FileRecord[];
  readonly rules: ActionRules;
  readonly onAct: (action: FileAction, files: readonly FileRecord[]) => void;
  readonly onClose: () => void;
  /** Where the keyboard goes on: the file may be gone by then, or have its name changed. */
  readonly finalFocus: () => HTMLElement | null;
}

const DANGERS: ReadonlySet<FileAction> = new Set(["delete", "purge"]);

/** What can be done with one file, or all that are chosen: one menu for all rows, at the row, its button or the pointer. */
export function FileMenu({ place, chosen, rules, onAct, onClose, finalFocus }: FileMenuProps) {
  const { fileList: texts } = useFileTexts();
  const isOfMany = place?.isOfAll === true && chosen.length > 1;
  return (
    <Menu.Root open={place !== undefined} onOpenChange={(isOpen) => !isOpen && onClose()} modal={false}>
      {place !== undefined && (
        <MenuPopup
          anchor={place.anchor}
          label={isOfMany ? texts.bulk : texts.actionsOf(place.file.filename)}
          finalFocus={finalFocus}
        >
          {(isOfMany ? actionsOnAll(chosen, rules) : actionsOn(place.file, rules)).map((action) => (
            <MenuItem
              key={action}
              icon={ACTION_ICONS[action]}
              isDanger={DANGERS.has(action)}
              onClick={() => onAct(action, isOfMany ? chosen : [place.file])}
            >
              {texts[action]}
            </MenuItem>
          ))}
        </MenuPopup>
      )}
    </Menu.Root>
  );
}
