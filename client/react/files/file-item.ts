import type { MouseEvent } from "react";
import type { FileRecord } from "#contract/api.ts";
import type { ActionRules, FileAction } from "./file-actions.ts";
import type { MenuPlace } from "./file-menu.tsx";
import type { ListedEntity } from "./listed-entities.ts";
import type { Thumbnails } from "./thumbnails.ts";

/** A file of a list, as a row or as a card. */
export interface FileItemProps {
  readonly file: FileRecord;
  readonly isNarrow: boolean;
  readonly thumbnails: Thumbnails;
  readonly rules: ActionRules;
  /** Whether Tab comes to it. */
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly isRenaming: boolean;
  /** Whether it goes by too fast for anything but words: what else there is to it comes when the list is slower. */
  readonly isPassing: boolean;
  readonly nameOf: (userId: string) => string;
  readonly entities: readonly ListedEntity[];
  readonly onPick: (id: string, how: { readonly extends: boolean; readonly adds: boolean }) => void;
  readonly onToggle: (id: string) => void;
  readonly onAct: (action: FileAction, files: readonly FileRecord[]) => void;
  readonly onMenu: (place: MenuPlace) => void;
  readonly onRename: (file: FileRecord, filename: string | undefined) => void;
}

/** What a row or a card answers to: a click chooses it, a second one opens it, the other button has its menu. */
export function itemHandlers({ file, isSelected, rules, onPick, onAct, onMenu }: FileItemProps) {
  return {
    // With Shift, a browser would mark the text from where it was pressed before.
    onMouseDown(event: MouseEvent<HTMLElement>) {
      if (!event.shiftKey || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      if (!isControl(event.target)) event.currentTarget.focus({ preventScroll: true });
    },
    onClick(event: MouseEvent) {
      if (isControl(event.target)) return;
      onPick(file.id, { extends: event.shiftKey, adds: event.ctrlKey || event.metaKey });
    },
    onDoubleClick(event: MouseEvent) {
      if (!isControl(event.target) && rules.canOpen && !rules.isTrash) onAct("open", [file]);
    },
    onContextMenu(event: MouseEvent) {
      if (event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      if (!isSelected) onPick(file.id, { extends: false, adds: false });
      const { clientX, clientY } = event;
      onMenu({
        file,
        isOfAll: isSelected,
        anchor: { getBoundingClientRect: () => new DOMRect(clientX, clientY) },
      });
    },
  };
}

function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest("button, input, a, label") !== null;
}
