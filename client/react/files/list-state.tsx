import { Icon } from "../icons/icon.tsx";
import { LIST_ICONS } from "../icons/list-outlines.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button } from "../ui/button.tsx";
import { whyOf } from "../why.ts";
import type { FilesView } from "./use-files.ts";

export interface ListStateProps {
  readonly list: FilesView;
  /** Whether files are left out by what was searched or filtered for. */
  readonly isFiltered: boolean;
  readonly isTrash: boolean;
  readonly view: "list" | "grid";
}

const SKELETONS = { list: 6, grid: 8 } as const;

/** What stands in the place of files where there are none to be shown. */
export function ListState({ list, isFiltered, isTrash, view }: ListStateProps) {
  const texts = useFileTexts();
  const { fileList } = texts;
  const { phase, store, hasMore } = list;
  // All that was loaded may have been taken out: what is behind it is on its way.
  const isComing = phase.kind !== "failed" && hasMore;
  if (phase.kind === "loading" || isComing) return <Skeleton view={view} label={fileList.loading} />;
  if (phase.kind === "failed") {
    return (
      <div className="cw-list-state" role="alert">
        <Icon name="warning" />
        <p>{fileList.failed(whyOf(phase.error, texts))}</p>
        <p className="cw-file-minor">{fileList.safe}</p>
        <Button onClick={() => void store.refresh()}>{texts.common.tryAgain}</Button>
      </div>
    );
  }
  return (
    <div className="cw-list-state" role="status" data-quiet>
      <Icon name={isFiltered ? LIST_ICONS.search : isTrash ? "trash" : "folder"} />
      <p>{isFiltered ? fileList.noMatch : isTrash ? fileList.emptyTrash : fileList.empty}</p>
      {isFiltered && <p className="cw-file-minor">{fileList.noMatchHint}</p>}
    </div>
  );
}

/** As high as the rows that come. */
function Skeleton({ view, label }: { readonly view: "list" | "grid"; readonly label: string }) {
  return (
    <div className="cw-skeletons" data-view={view} role="status" aria-label={label}>
      {Array.from({ length: SKELETONS[view] }, (_, index) => (
        <div key={index} className="cw-skeleton">
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}

/** Below the files there are, while more are asked for, or couldn't be. */
export function MoreFiles({ list, label }: { readonly list: FilesView; readonly label: string }) {
  const texts = useFileTexts();
  const { phase, store, files, hasMore } = list;
  if (phase.kind === "failed") {
    return (
      <div className="cw-more" role="alert">
        {texts.fileList.failed(whyOf(phase.error, texts))}
        <Button onClick={() => void (hasMore ? store.loadMore() : store.refresh())}>
          {texts.common.tryAgain}
        </Button>
      </div>
    );
  }
  return (
    <div className="cw-more" aria-live="off">
      {phase.kind === "more" ? label : texts.fileList.count(files.length, hasMore)}
    </div>
  );
}
