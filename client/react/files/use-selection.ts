import { useMemo, useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import {
  clear,
  keep,
  moveTo,
  NOTHING_SELECTED,
  pick,
  type Selection,
  selectAll,
  toggle,
} from "./selection.ts";

export interface SelectionView {
  readonly current: Selection;
  /** The row that Tab comes to: the first where none was. */
  readonly active: string | undefined;
  pick(id: string, how: { readonly extends: boolean; readonly adds: boolean }): void;
  toggle(id: string): void;
  moveTo(index: number, isRange: boolean): void;
  selectAll(): void;
  readonly clear: () => void;
}

/** What is chosen of a list; files that leave it are chosen no more. */
export function useSelection(files: readonly FileRecord[]): SelectionView {
  const order = useMemo(() => files.map(({ id }) => id), [files]);
  const [selection, setSelection] = useState(NOTHING_SELECTED);
  const [before, setBefore] = useState(order);
  const current = before === order ? selection : keep(selection, before, order);
  if (before !== order) {
    setBefore(order);
    setSelection(current);
  }
  return {
    current,
    active: current.active ?? order[0],
    pick: (id, how) => setSelection((now) => pick(now, order, id, how)),
    toggle: (id) => setSelection((now) => toggle(now, id)),
    moveTo: (index, isRange) => setSelection((now) => moveTo(now, order, index, isRange)),
    selectAll: () => setSelection((now) => selectAll(now, order)),
    clear: () => setSelection(clear),
  };
}
