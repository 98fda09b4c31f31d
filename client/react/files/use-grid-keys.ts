import type { KeyboardEvent } from "react";
import { actionsOn } from "./file-actions.ts";
import type { FileGridProps } from "./file-grid.tsx";
import { commandOf, type GridCommand } from "./grid-keys.ts";

interface Place {
  readonly active: number;
  readonly columns: number;
  readonly page: number;
  moveTo(index: number, isRange: boolean): void;
}

/** Keys of the list are those of its rows: in a field, or on a button, they are that one's. */
function isRow(target: EventTarget): target is HTMLElement {
  return target instanceof HTMLElement && target.dataset["fileId"] !== undefined;
}

/** All that can be done with a list by keyboard. */
export function useGridKeys(props: FileGridProps, place: Place): (event: KeyboardEvent) => void {
  const { list, selection, rules, onAct, onMenu } = props;
  const { files } = list;

  function run(command: GridCommand, row: HTMLElement): void {
    const file = files[place.active];
    if (file === undefined) return;
    const chosen = selection.current.ids.has(file.id)
      ? files.filter(({ id }) => selection.current.ids.has(id))
      : [file];
    switch (command.kind) {
      case "move":
        place.moveTo(command.to, command.extends);
        break;
      case "toggle":
        selection.toggle(file.id);
        break;
      case "all":
        selection.selectAll();
        break;
      case "clear":
        selection.clear();
        break;
      case "menu":
        onMenu({ file, anchor: row });
        break;
      case "delete": {
        const action = rules.isTrash ? "purge" : "delete";
        if (chosen.every((each) => actionsOn(each, rules).includes(action))) onAct(action, chosen);
        break;
      }
      case "open":
      case "rename":
        if (actionsOn(file, rules).includes(command.kind)) onAct(command.kind, [file]);
        break;
    }
  }

  return (event) => {
    const { target, currentTarget } = event;
    if (!isRow(target)) return;
    const isRightToLeft = getComputedStyle(currentTarget).direction === "rtl";
    const { active: index, columns, page } = place;
    const command = commandOf(event, { index, count: files.length, columns, page, isRightToLeft });
    if (command === undefined) return;
    event.preventDefault();
    run(command, target);
  };
}
