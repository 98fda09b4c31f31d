import { useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import { useFile } from "../files/use-file.ts";
import { Icon } from "../icons/icon.tsx";
import type { IconName } from "../icons/outlines.ts";
import { Root } from "../ui/root.tsx";
import { useTexts } from "../use-client.ts";
import { whyOf } from "../why.ts";
import { describeStep } from "./describe-step.ts";
import { type Step, type StepState, stepsOf } from "./steps.ts";

export interface FileTimelineProps {
  readonly fileId: string;
  /** What is known of it already. */
  readonly file?: FileRecord;
  /** A user's name by their id. */
  readonly nameOf?: (userId: string) => string;
}

const ICONS: Readonly<Record<StepState, IconName>> = {
  done: "ready",
  running: "clock",
  waiting: "clock",
  failed: "warning",
};
const sameName = (userId: string) => userId;

/** What has happened to a file and what is to come, as it happens. */
export function FileTimeline({ fileId, file: known, nameOf = sameName }: FileTimelineProps) {
  const texts = useTexts();
  const { file, error } = useFile(fileId, known);
  return (
    <Root className="cw-timeline" aria-label={texts.timeline.label}>
      {file === undefined && (
        <p className="cw-file-minor" role="status">
          {error === undefined ? texts.preview.loadingDetails : whyOf(error, texts)}
        </p>
      )}
      {file !== undefined && (
        <ol aria-live="polite" aria-relevant="additions text">
          {stepsOf(file).map((step) => (
            <StepItem
              key={step.kind === "copied" ? `copied ${step.target}` : step.kind}
              step={step}
              nameOf={nameOf}
            />
          ))}
        </ol>
      )}
    </Root>
  );
}

interface StepItemProps {
  readonly step: Step;
  readonly nameOf: (userId: string) => string;
}

function StepItem({ step, nameOf }: StepItemProps) {
  const texts = useTexts();
  const [nowMs] = useState(Date.now);
  const { title, details, at } = describeStep(step, texts, { nameOf, nowMs });
  return (
    <li className="cw-step" data-state={step.state}>
      <Icon name={ICONS[step.state]} />
      <div className="cw-step-words">
        <span className="cw-step-title">{title}</span>
        {at !== null && (
          <time className="cw-file-minor" dateTime={at}>
            {texts.timeline.at(new Date(at), nowMs)}
          </time>
        )}
        {details.map((detail) => (
          <span key={detail} className="cw-file-minor">
            {detail}
          </span>
        ))}
      </div>
    </li>
  );
}
