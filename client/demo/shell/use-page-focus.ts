import { useEffect, useRef } from "react";
import { useLocation } from "wouter";

/** Whether the focus is where somebody works: there it stays. */
function isAtWork(element: Element | null): boolean {
  return element !== null && element.closest("main, [role=dialog], dialog") !== null;
}

/** Brings the focus and the view to a page's heading when somebody has gone there: its first words are read then. */
export function usePageFocus(): void {
  const [place] = useLocation();
  const last = useRef(place);
  useEffect(() => {
    const before = last.current;
    last.current = place;
    // Where somebody comes in, the browser's own order holds.
    if (before === place || before === "/") return;
    if (isAtWork(document.activeElement)) return;
    window.scrollTo(0, 0);
    document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  }, [place]);
}
