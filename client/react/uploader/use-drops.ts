import { useEffect, useState } from "react";
import { picksOf, picksOfDrop, type Picks } from "./picked.ts";

function carriesFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") ?? false;
}

/**
 * Takes files dropped within `target`, the whole page by default.
 * @returns whether files are being dragged over it
 */
export function useDrops(onPicks: (picks: Picks) => void, target: HTMLElement | null | undefined): boolean {
  const [isDragging, setIsDragging] = useState(false);
  useEffect(() => {
    if (target === null) return undefined;
    const place: HTMLElement = target ?? document.documentElement;
    const controller = new AbortController();
    const { signal } = controller;
    // Entering a child comes before leaving its parent.
    let depth = 0;
    const move = (change: number) => (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth + change);
      setIsDragging(depth > 0);
    };
    const onDrop = (event: DragEvent) => {
      if (event.dataTransfer === null || !carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setIsDragging(false);
      onPicks(picksOfDrop(event.dataTransfer));
    };
    place.addEventListener("dragenter", move(1), { signal });
    place.addEventListener("dragleave", move(-1), { signal });
    place.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault(), { signal });
    place.addEventListener("drop", onDrop, { signal });
    return () => controller.abort();
  }, [onPicks, target]);
  return isDragging;
}

function isTyping({ target }: Event): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"))
  );
}

/** Takes files that are pasted within `target`, the whole page by default, but not where somebody types. */
export function usePastes(onPicks: (picks: Picks) => void, target: HTMLElement | null | undefined): void {
  useEffect(() => {
    if (target === null) return undefined;
    const place: HTMLElement = target ?? document.documentElement;
    const onPaste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0 || isTyping(event)) return;
      event.preventDefault();
      onPicks(picksOf(files));
    };
    place.addEventListener("paste", onPaste);
    return () => place.removeEventListener("paste", onPaste);
  }, [onPicks, target]);
}

/** Has the browser ask before the page is left, while `isSending`. */
export function useLeaveWarning(isSending: boolean): void {
  useEffect(() => {
    if (!isSending) return undefined;
    const onLeave = (event: BeforeUnloadEvent) => event.preventDefault();
    globalThis.addEventListener("beforeunload", onLeave);
    return () => globalThis.removeEventListener("beforeunload", onLeave);
  }, [isSending]);
}
