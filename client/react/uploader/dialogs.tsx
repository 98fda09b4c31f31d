import type { UnfinishedUpload } from "../../core/types.ts";
import type { Upload } from "../../core/upload.ts";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { useTexts } from "../use-client.ts";

export interface CancelDialogProps {
  readonly uploads: readonly Upload[];
  onAnswer(isConfirmed: boolean): void;
}

/** Asks before what was sent is deleted. */
export function CancelDialog({ uploads, onAnswer }: CancelDialogProps) {
  const { uploader: texts } = useTexts();
  const [first] = uploads;
  const sentBytes = uploads.reduce((bytes, { progress }) => bytes + progress.sentBytes, 0);
  return (
    <ConfirmDialog
      title={texts.confirmTitle(uploads.length)}
      keep={texts.keep}
      confirm={texts.confirmCancel(uploads.length)}
      onAnswer={onAnswer}
    >
      {uploads.length === 1 ? <p dir="auto">{first?.file.name}</p> : undefined}
      <p className="cw-muted">{texts.confirmBody(sentBytes)}</p>
    </ConfirmDialog>
  );
}

export interface DiscardDialogProps {
  readonly upload: UnfinishedUpload;
  onAnswer(isConfirmed: boolean): void;
}

/** The same for an upload of an earlier visit. */
export function DiscardDialog({ upload, onAnswer }: DiscardDialogProps) {
  const { uploader: texts } = useTexts();
  return (
    <ConfirmDialog
      title={texts.discardTitle}
      keep={texts.keepPrevious}
      confirm={texts.discard}
      onAnswer={onAnswer}
    >
      <p dir="auto">{upload.filename}</p>
      <p className="cw-muted">{texts.discardBody}</p>
    </ConfirmDialog>
  );
}
