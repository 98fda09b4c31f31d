import { useCallback, useEffect, useState } from "react";

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
