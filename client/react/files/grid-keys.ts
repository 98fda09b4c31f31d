/** What a key means in a list of files. */
export type GridCommand =
  | { readonly kind: "move"; readonly to: number; readonly extends: boolean }
  | { readonly kind: "toggle" | "all" | "clear" | "open" | "rename" | "delete" | "menu" };

export interface GridPlace {
  readonly index: number;
  readonly count: number;
  /** Files beside each other: 1 in a list. */
  readonly columns: number;
  /** Rows that are seen at a time. */
  readonly page: number;
  readonly isRightToLeft: boolean;
}

export interface PressedKey {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** By how many files a key moves; undefined for one that doesn't. */
function stepOf(key: string, { index, count, columns, page, isRightToLeft }: GridPlace): number | undefined {
  const sideways = columns > 1 ? (isRightToLeft ? -1 : 1) : 0;
  switch (key) {
    case "ArrowDown":
      return columns;
    case "ArrowUp":
      return -columns;
    case "ArrowRight":
      return sideways;
    case "ArrowLeft":
      return -sideways;
    case "PageDown":
      return columns * page;
    case "PageUp":
      return -columns * page;
    case "Home":
      return -index;
    case "End":
      return count - 1 - index;
    default:
      return undefined;
  }
}

const ACTIONS: Readonly<Record<string, GridCommand>> = {
  " ": { kind: "toggle" },
  Escape: { kind: "clear" },
  Enter: { kind: "open" },
  F2: { kind: "rename" },
  Delete: { kind: "delete" },
  ContextMenu: { kind: "menu" },
};

export function commandOf(pressed: PressedKey, place: GridPlace): GridCommand | undefined {
  const { key, shiftKey, ctrlKey, metaKey, altKey } = pressed;
  if (altKey) return undefined;
  if (ctrlKey || metaKey) return key.toLowerCase() === "a" ? { kind: "all" } : undefined;
  if (key === "F10" && shiftKey) return { kind: "menu" };
  const step = stepOf(key, place);
  if (step === undefined) return ACTIONS[key];
  const to = Math.max(0, Math.min(place.count - 1, place.index + step));
  return step === 0 ? undefined : { kind: "move", to, extends: shiftKey };
}
