import type { UnfinishedUpload } from "../../core/types.ts";
import type { Upload } from "../../core/upload.ts";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { useTexts } from "../use-client.ts";
import type { Doubt } from "./intake.ts";

interface Answered {
  onAnswer(isConfirmed: boolean): void;
}

/** Asks before what was sent is deleted. */
function CancelDialog({
  uploads,
  arrived,
  onAnswer,
}: Answered & { readonly uploads: readonly Upload[]; readonly arrived: number }) {
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
      {arrived > 0 ? <p className="cw-muted">{texts.arrived(arrived)}</p> : undefined}
    </ConfirmDialog>
  );
}

/** The same for an upload of an earlier visit. */
function DiscardDialog({ upload, onAnswer }: Answered & { readonly upload: UnfinishedUpload }) {
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

/** Before files are added that may not be what is meant. */
function DoubtDialog({ doubt: { kind, picks, expected }, onAnswer }: Answered & { readonly doubt: Doubt }) {
  const { uploader: texts } = useTexts();
  const names = picks.map(({ file }) => file.name);
  const words =
    kind === "not-continued" ? texts.notContinued(names, expected) : texts.otherEnding(names, expected);
  return (
    <ConfirmDialog title={words.title} keep={words.keep} confirm={words.confirm} onAnswer={onAnswer}>
      <p>{words.body}</p>
    </ConfirmDialog>
  );
}

/** What is asked before it is done. */
export type Question =
  | {
      readonly kind: "cancel";
      readonly uploads: readonly Upload[];
      /** Those of them that were paused for as long as it is asked. */
      readonly paused: readonly Upload[];
      /** How many others have arrived, and stay. */
      readonly arrived: number;
    }
  | { readonly kind: "discard"; readonly upload: UnfinishedUpload }
  | { readonly kind: "doubt"; readonly doubt: Doubt };

export function QuestionDialog({
  question,
  onAnswer,
}: Answered & { readonly question: Question | undefined }) {
  switch (question?.kind) {
    case undefined:
      return undefined;
    case "cancel":
      return <CancelDialog uploads={question.uploads} arrived={question.arrived} onAnswer={onAnswer} />;
    case "discard":
      return <DiscardDialog upload={question.upload} onAnswer={onAnswer} />;
    case "doubt":
      return <DoubtDialog doubt={question.doubt} onAnswer={onAnswer} />;
  }
}
