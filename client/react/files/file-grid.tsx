import { type CSSProperties, useLayoutEffect, useRef } from "react";
import type { FileRecord } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import type { ActionRules, FileAction } from "./file-actions.ts";
import { FileCard } from "./file-card.tsx";
import type { FileItemProps } from "./file-item.ts";
import type { MenuPlace } from "./file-menu.tsx";
import { FileRow } from "./file-row.tsx";
import { GridHead } from "./grid-head.tsx";
import type { ListChoice } from "./list-choice.ts";
import { MoreFiles } from "./list-state.tsx";
import type { ListedEntity } from "./listed-entities.ts";
import type { Thumbnails } from "./thumbnails.ts";
import type { FilesView } from "./use-files.ts";
import { useGridKeys } from "./use-grid-keys.ts";
import { type GridLine, useGridLayout } from "./use-grid-layout.ts";
import type { SelectionView } from "./use-selection.ts";

export interface FileGridProps {
  readonly list: FilesView;
  readonly label: string;
  readonly view: "list" | "grid";
  readonly choice: ListChoice;
  readonly onChoice: (choice: ListChoice) => void;
  readonly selection: SelectionView;
  readonly thumbnails: Thumbnails;
  /** The file whose name is being changed. */
  readonly renaming: string | undefined;
  readonly rules: ActionRules;
  readonly nameOf: (userId: string) => string;
  readonly entities: readonly ListedEntity[];
  readonly onAct: (action: FileAction, files: readonly FileRecord[]) => void;
  readonly onMenu: (place: MenuPlace) => void;
  /** @param filename undefined where it is left as it was */
  readonly onRename: (file: FileRecord, filename: string | undefined) => void;
}

/** The files themselves, of which only those that are seen are drawn: a grid to screen readers, in both views. */
export function FileGrid(props: FileGridProps) {
  const { list, label, view, selection, choice, onChoice } = props;
  const { files, hasMore, store } = list;
  const { fileList: texts } = useFileTexts();
  const active = Math.max(
    0,
    files.findIndex(({ id }) => id === selection.active),
  );
  // What failed is asked for again by who sees that it has.
  const onEnd = () => void (hasMore && list.phase.kind === "ready" && store.loadMore());
  const { attach, columns, isNarrow, lines, linePixels, heightPixels, isFlying, page, scrollTo } =
    useGridLayout({
      ...{ count: files.length, view, active, onEnd },
    });
  const isList = view === "list";
  const body = useRef<HTMLDivElement>(null);
  const wantsFocus = useRef(false);
  const hasFocus = useRef(false);

  // The row that the keyboard goes to may not have been there before; and the one that it was at may have left the list.
  useLayoutEffect(() => {
    const isLost = hasFocus.current && document.activeElement === document.body;
    if (!wantsFocus.current && !isLost) return;
    wantsFocus.current = false;
    const row = body.current?.querySelector<HTMLElement>(`[data-file-id="${selection.active}"]`);
    row?.focus({ preventScroll: true });
  });

  const moveTo = (index: number, isRange: boolean) => {
    wantsFocus.current = true;
    selection.moveTo(index, isRange);
    scrollTo(index);
  };
  const onKeyDown = useGridKeys(props, { columns, page, moveTo });
  const itemOf = (file: FileRecord): FileItemProps => ({
    ...{ file, isNarrow, thumbnails: props.thumbnails, rules: props.rules },
    ...{
      nameOf: props.nameOf,
      entities: props.entities,
      onAct: props.onAct,
      onMenu: props.onMenu,
      onRename: props.onRename,
    },
    ...{ onPick: selection.pick, onToggle: selection.toggle },
    isActive: file.id === selection.active,
    isSelected: selection.current.ids.has(file.id),
    isRenaming: file.id === props.renaming,
    // Not what the keyboard is at: the focus would be lost.
    isPassing: isFlying && file.id !== selection.active,
  });
  const lineOf = (line: GridLine) => {
    const inLine = files.slice(line.index * columns, (line.index + 1) * columns);
    const place = { topPixels: line.topPixels, heightPixels: linePixels };
    if (isList) {
      return inLine.map((file) => <FileRow key={file.id} index={line.index} {...place} {...itemOf(file)} />);
    }
    const style: CSSProperties & { readonly "--cw-columns": number } = {
      transform: `translateY(${line.topPixels}px)`,
      height: linePixels,
      "--cw-columns": columns,
    };
    return (
      <div key={line.index} role="row" className="cw-file-line" aria-rowindex={line.index + 1} style={style}>
        {inLine.map((file) => (
          <FileCard key={file.id} {...itemOf(file)} />
        ))}
      </div>
    );
  };

  return (
    <div ref={attach} className="cw-file-scroller" data-stale={list.isStale || undefined}>
      <div
        className="cw-file-grid"
        role="grid"
        tabIndex={-1}
        aria-label={label}
        aria-multiselectable
        aria-rowcount={hasMore ? -1 : Math.ceil(files.length / columns) + (isList ? 1 : 0)}
        aria-busy={list.phase.kind === "refreshing"}
        data-narrow={isNarrow || undefined}
        onKeyDown={onKeyDown}
        onFocus={() => {
          hasFocus.current = true;
        }}
        onBlur={() => {
          hasFocus.current = false;
        }}
      >
        {isList && (
          <GridHead
            {...{ choice, onChoice, selection, isNarrow }}
            count={files.length}
            isTrash={props.rules.isTrash}
          />
        )}
        <div ref={body} role="rowgroup" className="cw-file-rows" style={{ height: heightPixels }}>
          {lines.map(lineOf)}
        </div>
      </div>
      <MoreFiles list={list} label={texts.loadingMore} />
    </div>
  );
}
