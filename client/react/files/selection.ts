/** Which rows of a list are chosen, and where the keyboard is. All of it is by id: rows come and go under it. */
export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** Where a range begins that Shift draws. */
  readonly anchor: string | undefined;
  /** The row that the keyboard acts on. */
  readonly active: string | undefined;
}

export const NOTHING_SELECTED: Selection = { ids: new Set(), anchor: undefined, active: undefined };

function rangeOf(order: readonly string[], from: string | undefined, to: string): readonly string[] {
  const [start, end] = [order.indexOf(from ?? to), order.indexOf(to)];
  return start < 0 ? [to] : order.slice(Math.min(start, end), Math.max(start, end) + 1);
}

/** A click: alone it chooses one, with Shift all from the anchor, with Ctrl or Cmd one more or one less; with both, all from the anchor as well. */
export function pick(
  selection: Selection,
  order: readonly string[],
  id: string,
  { extends: isRange = false, adds = false } = {},
): Selection {
  if (isRange) {
    const range = rangeOf(order, selection.anchor, id);
    return { ...selection, ids: new Set(adds ? [...selection.ids, ...range] : range), active: id };
  }
  if (adds) return toggle(selection, id);
  return { ids: new Set([id]), anchor: id, active: id };
}

/** One more or one less, and the range of the next Shift begins here. */
export function toggle({ ids }: Selection, id: string): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: id, active: id };
}

/** Moves the keyboard to a row; with Shift, the range from the anchor goes with it. */
export function moveTo(
  selection: Selection,
  order: readonly string[],
  index: number,
  isRange: boolean,
): Selection {
  const id = order[Math.max(0, Math.min(order.length - 1, index))];
  if (id === undefined) return selection;
  if (!isRange) return { ...selection, anchor: id, active: id };
  const anchor = selection.anchor ?? selection.active ?? order[0] ?? id;
  return { ids: new Set(rangeOf(order, anchor, id)), anchor, active: id };
}

export function selectAll(selection: Selection, order: readonly string[]): Selection {
  return { ...selection, ids: new Set(order) };
}

export function clear(selection: Selection): Selection {
  return { ...selection, ids: new Set() };
}

/** What is left of it when rows have gone; the keyboard goes to the row that took the place of its own. */
export function keep(selection: Selection, before: readonly string[], order: readonly string[]): Selection {
  const there = new Set(order);
  const { ids, active, anchor } = selection;
  if ([...ids, active, anchor].every((id) => id === undefined || there.has(id))) return selection;
  const place = active === undefined ? -1 : before.indexOf(active);
  const next = before.slice(Math.max(0, place)).find((id) => there.has(id)) ?? order.at(-1);
  return {
    ids: new Set([...ids].filter((id) => there.has(id))),
    anchor: anchor !== undefined && there.has(anchor) ? anchor : undefined,
    active: active === undefined || there.has(active) ? active : next,
  };
}
