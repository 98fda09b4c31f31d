import { type RefObject, useCallback, useEffect, useState } from "react";

/** What has just been done, with a way back where there is one. */
export interface Notice {
  readonly text: string;
  readonly isProblem: boolean;
  readonly undo?: () => void;
  /** Tries again what went wrong. */
  readonly retry?: () => void;
}

/** Long enough to be read, and to be reached by keyboard. */
const SHOWN_MS = 12_000;

export interface Notices {
  readonly notice: Notice | undefined;
  tell(notice: Notice): void;
  dismiss(): void;
  /** While somebody is at it, it stays. */
  hold(isHeld: boolean): void;
}

/** One at a time: the newest. What went wrong stays until it is dismissed. */
export function useNotice(): Notices {
  const [notice, setNotice] = useState<Notice>();
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (notice === undefined || notice.isProblem || isHeld) return undefined;
    const timer = setTimeout(() => setNotice(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice, isHeld]);
  const dismiss = useCallback(() => setNotice(undefined), []);
  return { notice, tell: setNotice, dismiss, hold: setHeld };
}

/** Ctrl+Z, or Cmd+Z, undoes what the notice beside the files offers to, but not where somebody types. */
export function useUndoKey(region: RefObject<HTMLElement | null>, { notice, dismiss }: Notices): void {
  const undo = notice?.undo;
  useEffect(() => {
    if (undo === undefined) return undefined;
    const onKeyDown = (event: KeyboardEvent) => {
      // A host's own undo, or another list, may have heard it.
      if (event.defaultPrevented || !isUndo(event) || !isOf(region.current, event.target)) return;
      event.preventDefault();
      dismiss();
      undo();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [region, undo, dismiss]);
}

function isUndo({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): boolean {
  return (ctrlKey || metaKey) && !shiftKey && !altKey && key.toLowerCase() === "z";
}

/** Within the component, or nowhere: with the last file the focus may be lost. */
function isOf(region: HTMLElement | null, target: EventTarget | null): boolean {
  if (target === document.body) return true;
  if (!(target instanceof HTMLElement) || target.matches("input:not([type='checkbox'])")) return false;
  return region?.parentElement?.contains(target) === true;
}
