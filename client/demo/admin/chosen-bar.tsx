import type { BlockedVersion } from "#contract/quarantine.ts";
import { Button } from "../../react/ui/button.tsx";
import { useTexts } from "../texts/use-texts.ts";
import type { Chosen } from "./use-chosen.ts";

interface ChosenBarProps {
  readonly chosen: Chosen<BlockedVersion>;
  /** How many are listed. */
  readonly count: number;
  readonly isBusy: boolean;
  readonly onDelete: () => void;
}

/** Chooses all that are listed, and deletes what is chosen. Each release has a reason of its own. */
export function ChosenBar({ chosen, count, isBusy, onDelete }: ChosenBarProps) {
  const { quarantine: texts } = useTexts().admin;
  const { length } = chosen.rows;
  return (
    <div className="chosen-bar">
      <label className="chosen-all">
        <input
          type="checkbox"
          checked={length > 0 && length === count}
          ref={(box) => {
            if (box !== null) box.indeterminate = length > 0 && length < count;
          }}
          onChange={chosen.toggleAll}
        />
        {texts.selectAll(count)}
      </label>
      {length > 0 && (
        <Button icon="trash" look="danger" disabled={isBusy} onClick={onDelete}>
          {texts.deleteMany(length)}
        </Button>
      )}
    </div>
  );
}
