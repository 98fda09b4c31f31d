import { useEffect, useState } from "react";
import { picksOf, picksOfDrop, type Picks } from "./picked.ts";

function carriesFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") ?? false;
}

/** Where files come in: within `root`, which is undefined until it is there, and on all of the page if `isWholePage`. */
type Place = readonly [root: HTMLElement | null, isWholePage: boolean];

/**
 * Has `take` called with what comes in. What comes within `root` is its own, and the page's only where nobody else has taken
 * it: a target of the host's, or another uploader.
 */
function hear<Type extends "drop" | "paste">(
  type: Type,
  [root, isWholePage]: Place,
  take: (event: HTMLElementEventMap[Type]) => void,
  signal: AbortSignal,
): void {
  root?.addEventListener(type, take, { signal });
  if (!isWholePage) return;
  const onPage = (event: HTMLElementEventMap[Type]) => {
    if (!event.defaultPrevented) take(event);
  };
  document.documentElement.addEventListener(type, onPage, { signal });
}

/**
 * Takes files that are dropped.
 * @returns whether files are being dragged over where they can be
 */
export function useDrops(onPicks: (picks: Picks) => void, ...[root, isWholePage]: Place): boolean {
  const [isDragging, setIsDragging] = useState(false);
  useEffect(() => {
    const place = isWholePage ? document.documentElement : root;
    if (place === null) return undefined;
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
      onPicks(picksOfDrop(event.dataTransfer));
    };
    // However it ends, and whoever takes them.
    const onEnd = () => {
      depth = 0;
      setIsDragging(false);
    };
    place.addEventListener("dragenter", move(1), { signal });
    place.addEventListener("dragleave", move(-1), { signal });
    place.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault(), { signal });
    place.addEventListener("drop", onEnd, { signal, capture: true });
    hear("drop", [root, isWholePage], onDrop, signal);
    return () => controller.abort();
  }, [onPicks, root, isWholePage]);
  return isDragging;
}

function isTyping({ target }: Event): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"))
  );
}

/** Takes files that are pasted, but not where somebody types. */
export function usePastes(onPicks: (picks: Picks) => void, ...[root, isWholePage]: Place): void {
  useEffect(() => {
    const controller = new AbortController();
    const onPaste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0 || isTyping(event)) return;
      event.preventDefault();
      onPicks(picksOf(files));
    };
    hear("paste", [root, isWholePage], onPaste, controller.signal);
    return () => controller.abort();
  }, [onPicks, root, isWholePage]);
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
