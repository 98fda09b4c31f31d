import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { ACTION_ICONS, type FileAction } from "./file-actions.ts";

export interface BulkBarProps {
  readonly count: number;
  readonly actions: readonly FileAction[];
  readonly onAct: (action: FileAction) => void;
  readonly onClear: () => void;
}

/** What can be done with all files that are chosen. It stands where the filters are, so that nothing moves. */
export function BulkBar({ count, actions, onAct, onClear }: BulkBarProps) {
  const { fileList: texts } = useFileTexts();
  return (
    <div className="cw-bulk" role="toolbar" aria-label={texts.bulk}>
      <IconButton icon="close" label={texts.clearSelection} onClick={onClear} />
      <span className="cw-bulk-count" role="status">
        {texts.selected(count)}
      </span>
      {actions.map((action) => (
        <Button key={action} icon={ACTION_ICONS[action]} onClick={() => onAct(action)}>
          <span className="cw-bulk-label cw-words">{texts[action]}</span>
        </Button>
      ))}
    </div>
  );
}
