import { useId } from "react";
import type { UnfinishedUpload } from "../../core/types.ts";
import { Icon } from "../icons/icon.tsx";
import { Button } from "../ui/button.tsx";
import { FileName } from "../ui/file-name.tsx";
import { useTexts } from "../use-client.ts";

const SHOWN = 5;

export interface PreviousProps {
  readonly uploads: readonly UnfinishedUpload[];
  onContinue(): void;
  onDiscard(upload: UnfinishedUpload): void;
}

/** Uploads of earlier visits. The browser can't open their files again by itself: the user chooses them once more. */
export function Previous({ uploads, onContinue, onDiscard }: PreviousProps) {
  const { uploader: texts, common } = useTexts();
  const titleId = useId();
  if (uploads.length === 0) return undefined;
  return (
    <section className="cw-notice cw-previous" aria-labelledby={titleId}>
      <Icon name="clock" />
      <div>
        <h3 id={titleId}>{texts.previousTitle(uploads.length)}</h3>
        <p className="cw-muted">
          {uploads.every(({ canResume }) => canResume) ? texts.previousReady : texts.previousHint}
        </p>
      </div>
      <Button onClick={onContinue}>{texts.continuePrevious(uploads.length)}</Button>
      <ul>
        {uploads.slice(0, SHOWN).map((upload) => (
          <li key={upload.id}>
            <FileName name={upload.filename} />
            <span className="cw-muted cw-words">
              {upload.arrivedBytes === 0
                ? common.bytes(upload.sizeBytes)
                : texts.portionArrived(upload.arrivedBytes, upload.sizeBytes)}
            </span>
            <Button
              look="link"
              aria-label={texts.actionOn(texts.discard, upload.filename)}
              onClick={() => onDiscard(upload)}
            >
              {texts.discard}
            </Button>
          </li>
        ))}
      </ul>
      {uploads.length > SHOWN ? (
        <p className="cw-muted">{texts.andMore(uploads.length - SHOWN)}</p>
      ) : undefined}
    </section>
  );
}
