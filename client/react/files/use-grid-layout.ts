import { defaultRangeExtractor, useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useState } from "react";
import { useWidth } from "./use-width.ts";

/** A line of the list: one file, or as many as there is room for beside each other. */
export interface GridLine {
  readonly index: number;
  readonly topPixels: number;
}

export interface GridLayout {
  readonly attach: (element: HTMLElement | null) => (() => void) | undefined;
  readonly columns: number;
  readonly isNarrow: boolean;
  readonly lines: readonly GridLine[];
  readonly linePixels: number;
  readonly heightPixels: number;
  /** Whether lines go by too fast to be read: half a view or more from one drawing to the next. */
  readonly isFlying: boolean;
  /** Lines that are seen at a time. */
  readonly page: number;
  scrollTo(fileIndex: number): void;
}

export interface GridLayoutOptions {
  readonly count: number;
  readonly view: "list" | "grid";
  /** The file that the keyboard is at: its line is always there. */
  readonly active: number;
  /** Called when the last lines come into sight. */
  readonly onEnd: () => void;
}

/** Below this a list has two lines of text for each file, in place of columns. */
const NARROW_PIXELS = 620;
const ROW_PIXELS = 48;
const NARROW_ROW_PIXELS = 68;
const CARD_WIDTH_PIXELS = 176;
const CARD_PIXELS = 204;
const OVERSCAN = 6;
/** How long before its end more of the list is asked for. */
const LINES_AHEAD = 30;

/** Tells from where a list stood at the last drawing how fast it moves. */
function createMotion() {
  let [last, now] = [0, 0];
  return (list: Pick<Virtualizer<HTMLElement, Element>, "scrollOffset" | "scrollRect" | "isScrolling">) => {
    const offset = list.scrollOffset ?? 0;
    // Drawn again where it is, it still came from where it was.
    if (offset !== now) [last, now] = [now, offset];
    return list.isScrolling && Math.abs(now - last) >= (list.scrollRect?.height ?? 0) / 2;
  };
}

/** Which lines of a list are drawn, and where. Heights are the stylesheet's. */
export function useGridLayout({ count, view, active, onEnd }: GridLayoutOptions): GridLayout {
  const [width = 0, widthRef] = useWidth();
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const [isFast] = useState(createMotion);
  const isNarrow = width < NARROW_PIXELS;
  const columns = view === "list" ? 1 : Math.max(2, Math.floor(width / CARD_WIDTH_PIXELS));
  const linePixels = view === "grid" ? CARD_PIXELS : isNarrow ? NARROW_ROW_PIXELS : ROW_PIXELS;
  const lineCount = Math.ceil(count / columns);
  const activeLine = Math.floor(active / columns);
  const virtualizer = useVirtualizer({
    count: lineCount,
    getScrollElement: () => scroller,
    estimateSize: () => linePixels,
    overscan: OVERSCAN,
    useFlushSync: false,
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      return indexes.includes(activeLine) || activeLine >= lineCount
        ? indexes
        : [...indexes, activeLine].toSorted((one, other) => one - other);
    },
  });
  useEffect(() => virtualizer.measure(), [virtualizer, linePixels]);
  const last = virtualizer.range?.endIndex ?? 0;
  useEffect(() => {
    if (last >= lineCount - LINES_AHEAD) onEnd();
  });
  const attach = useCallback(
    (element: HTMLElement | null) => {
      setScroller(element);
      return widthRef(element);
    },
    [widthRef],
  );
  const lines = virtualizer
    .getVirtualItems()
    .map(({ index, start }): GridLine => ({ index, topPixels: start }));
  return {
    ...{ attach, columns, isNarrow, lines, linePixels },
    isFlying: isFast(virtualizer),
    heightPixels: lineCount * linePixels,
    page: Math.max(1, Math.floor((scroller?.clientHeight ?? 0) / linePixels) - 1),
    scrollTo: (fileIndex) => virtualizer.scrollToIndex(Math.floor(fileIndex / columns)),
  };
}
