import type { ReactNode } from "react";
import { Icon } from "../../react/icons/icon.tsx";
import type { IconName } from "../../react/icons/outlines.ts";
import { Button } from "../../react/ui/button.tsx";
import { useTexts } from "../texts/use-texts.ts";
import type { RowStore } from "./row-store.ts";
import { useRows } from "./use-rows.ts";
import { useWhy } from "./use-why.ts";

interface RowsProps<Row> {
  readonly label: string;
  readonly store: RowStore<Row>;
  readonly keyOf: (row: Row) => string;
  readonly render: (row: Row) => ReactNode;
  /** What is told where there is none. */
  readonly empty: { readonly icon: IconName; readonly text: string; readonly hint?: string };
}

/** A list page by page: being loaded, empty, not to be had, or its rows. */
export function Rows<Row>({ label, store, keyOf, render, empty }: RowsProps<Row>) {
  const { admin: texts } = useTexts();
  const { phase, rows, nextCursor, error } = useRows(store);
  const whyOf = useWhy();
  if (phase === "loading" || (phase === "more" && rows.length === 0))
    return <RowsLoading label={texts.loading} />;
  const failure = phase === "failed" && (
    <RowsNotice icon="warning" text={texts.failed(whyOf(error))} onRetry={() => void store.refresh()} />
  );
  if (rows.length === 0) {
    return failure || <RowsNotice icon={empty.icon} text={empty.text} hint={empty.hint} />;
  }
  return (
    <>
      {failure}
      <ul className="rows" aria-label={label}>
        {rows.map((row) => (
          <li key={keyOf(row)}>{render(row)}</li>
        ))}
      </ul>
      {nextCursor !== null && (
        <Button className="rows-more" disabled={phase === "more"} onClick={() => void store.loadMore()}>
          {texts.more}
        </Button>
      )}
    </>
  );
}

const SKELETON_ROWS = ["first", "second", "third"];

function RowsLoading({ label }: { readonly label: string }) {
  return (
    <div className="cw-skeletons" role="status" aria-label={label}>
      {SKELETON_ROWS.map((each) => (
        <div key={each} className="cw-skeleton">
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}

interface RowsNoticeProps {
  readonly icon: IconName;
  readonly text: string;
  readonly hint?: string | undefined;
  readonly onRetry?: () => void;
}

function RowsNotice({ icon, text, hint, onRetry }: RowsNoticeProps) {
  const { admin: texts } = useTexts();
  return (
    <div className="cw-list-state" role="status" data-quiet={onRetry === undefined || undefined}>
      <Icon name={icon} />
      <p>{text}</p>
      {hint !== undefined && <p className="muted">{hint}</p>}
      {onRetry !== undefined && <Button onClick={onRetry}>{texts.retry}</Button>}
    </div>
  );
}
