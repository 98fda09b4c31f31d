import type { ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { useTexts } from "../use-client.ts";
import { type Outcomes, overOf, type Summary } from "./summary.ts";
import { useTimeLeft } from "./time-left.ts";

export interface TotalsProps {
  readonly summary: Summary;
  readonly outcomes: Outcomes;
  onPauseAll(): void;
  onResumeAll(): void;
  onCancelAll(): void;
  onClear(): void;
}

function Actions({ summary, outcomes, ...on }: TotalsProps): ReactNode {
  const { uploader: texts } = useTexts();
  return (
    <div className="cw-totals-actions">
      {summary.running > 0 ? (
        <Button icon="pause" onClick={on.onPauseAll}>
          {texts.pauseAll}
        </Button>
      ) : undefined}
      {summary.running === 0 && summary.paused > 0 ? (
        <Button icon="play" look="accent" onClick={on.onResumeAll}>
          {texts.resumeAll}
        </Button>
      ) : undefined}
      {summary.running + summary.paused > 0 ? (
        <Button onClick={on.onCancelAll}>{texts.cancelAll}</Button>
      ) : undefined}
      {overOf(outcomes) > 0 ? <Button onClick={on.onClear}>{texts.clearFinished}</Button> : undefined}
    </div>
  );
}

/** All uploads in one line, and what can be done with all of them. */
export function Totals(props: TotalsProps) {
  const { uploader: texts } = useTexts();
  const { files, uploaded, sentBytes, totalBytes, bytesPerSecond, running, paused } = props.summary;
  const isOver = running + paused === 0;
  const secondsLeft = useTimeLeft(props.summary);
  const words = { done: uploaded, files, sentBytes, totalBytes, bytesPerSecond, secondsLeft };
  return (
    <div className="cw-totals">
      <p className="cw-totals-words">{isOver ? texts.outcome(props.outcomes) : texts.totals(words)}</p>
      <Actions {...props} />
      {isOver ? undefined : (
        <ProgressBar
          label={texts.progressOfAll}
          portion={totalBytes === 0 ? 0 : sentBytes / totalBytes}
          isMoving={running > 0}
        />
      )}
    </div>
  );
}
