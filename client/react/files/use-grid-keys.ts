import type { KeyboardEvent } from "react";
import type { FileRecord } from "#contract/api.ts";
import { actionsOn } from "./file-actions.ts";
import type { FileGridProps } from "./file-grid.tsx";
import { commandOf, type GridCommand } from "./grid-keys.ts";

interface Place {
  readonly columns: number;
  readonly page: number;
  moveTo(index: number, isRange: boolean): void;
}

/** The row that a key is pressed in. In a field, keys are the field's. */
function rowOf(target: EventTarget): HTMLElement | undefined {
  if (!(target instanceof HTMLElement) || target.matches("input:not([type='checkbox'])")) return undefined;
  return target.closest<HTMLElement>("[data-file-id]") ?? undefined;
}

/** What a button or a box in a row does by itself. */
const PRESSES: ReadonlySet<GridCommand["kind"]> = new Set(["open", "toggle"]);

/** All that can be done with a list by keyboard. */
export function useGridKeys(props: FileGridProps, place: Place): (event: KeyboardEvent) => void {
  const { list, selection, rules, onAct, onMenu } = props;
  const { files } = list;

  function run(command: GridCommand, file: FileRecord, row: HTMLElement): void {
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
        onMenu({ file, isOfAll: selection.current.ids.has(file.id), anchor: row });
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
    const row = rowOf(target);
    const index = files.findIndex(({ id }) => id === row?.dataset["fileId"]);
    const file = files[index];
    if (row === undefined || file === undefined) return;
    const isRightToLeft = getComputedStyle(currentTarget).direction === "rtl";
    const { columns, page } = place;
    const command = commandOf(event, { index, count: files.length, columns, page, isRightToLeft });
    if (command === undefined || (target !== row && PRESSES.has(command.kind))) return;
    event.preventDefault();
    run(command, file, row);
  };
}
