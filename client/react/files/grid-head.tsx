import { Icon } from "../icons/icon.tsx";
import { LIST_ICONS } from "../icons/list-outlines.ts";
import type { SortName } from "../texts/files-texts.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { type ListChoice, sortedBy } from "./list-choice.ts";
import type { SelectionView } from "./use-selection.ts";

export interface GridHeadProps {
  readonly choice: ListChoice;
  readonly onChoice: (choice: ListChoice) => void;
  readonly selection: SelectionView;
  readonly isNarrow: boolean;
  readonly count: number;
  /** The trash has an order of its own. */
  readonly isTrash: boolean;
}

/** The heads of the columns. Where there are none to be seen, they are there for screen readers. */
export function GridHead(props: GridHeadProps) {
  const { isNarrow, isTrash } = props;
  const { columns } = useFileTexts().fileList;
  return (
    <div role="rowgroup" className="cw-file-head">
      <div role="row" className="cw-file-heads" aria-rowindex={1}>
        <div role="columnheader" className="cw-cell-check">
          <SelectAll {...props} />
        </div>
        <SortHead {...props} name="name" label={columns.name} className="cw-cell-name" />
        {!isNarrow && (
          <>
            <SortHead {...props} name="size" label={columns.size} className="cw-cell-size" />
            <div role="columnheader" className="cw-cell-state">
              {columns.state}
            </div>
            <SortHead
              {...props}
              name="date"
              label={isTrash ? columns.deleted : columns.uploaded}
              className="cw-cell-date"
            />
            <div role="columnheader" className="cw-cell-by">
              {columns.by}
            </div>
          </>
        )}
        <div role="columnheader" className="cw-cell-menu">
          <span className="cw-hidden">{columns.actions}</span>
        </div>
      </div>
    </div>
  );
}

function SelectAll({ selection, count }: GridHeadProps) {
  const texts = useFileTexts().fileList;
  const chosen = selection.current.ids.size;
  return (
    <label className="cw-file-check">
      <input
        type="checkbox"
        aria-label={texts.selectAll}
        checked={chosen > 0 && chosen === count}
        ref={(box) => {
          if (box !== null) box.indeterminate = chosen > 0 && chosen < count;
        }}
        onChange={() => (chosen === count ? selection.clear() : selection.selectAll())}
      />
    </label>
  );
}

interface SortHeadProps extends GridHeadProps {
  readonly name: SortName;
  readonly label: string;
  readonly className: string;
}

function SortHead({ name, label, className, choice, onChoice, isTrash, isNarrow }: SortHeadProps) {
  const isThis = !isTrash && choice.sort === name;
  const direction = choice.order === "asc" ? "ascending" : "descending";
  if (isTrash || isNarrow) {
    return (
      <div role="columnheader" className={className} {...(isThis ? { "aria-sort": direction } : {})}>
        {label}
      </div>
    );
  }
  return (
    <div role="columnheader" className={className} aria-sort={isThis ? direction : "none"}>
      <button
        type="button"
        className="cw-sort"
        data-on={isThis || undefined}
        onClick={() => onChoice(sortedBy(choice, name))}
      >
        {label}
        {isThis && <Icon name={choice.order === "asc" ? LIST_ICONS.up : LIST_ICONS.down} />}
      </button>
    </div>
  );
}
