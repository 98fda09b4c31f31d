import { type ReactNode, useCallback, useId, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { Upload } from "../../core/upload.ts";
import {
  type FileUploaderOptions,
  type FileUploaderState,
  useFileUploader,
} from "../hooks/use-file-uploader.ts";
import { createAnnouncer, LiveRegion } from "../ui/announcer.tsx";
import { Root } from "../ui/root.tsx";
import { useTexts } from "../use-client.ts";
import { type Question, QuestionDialog } from "./dialogs.tsx";
import { DropZone } from "./drop-zone.tsx";
import { Duplicates, type Names } from "./duplicates.tsx";
import { leaveRow } from "./leave-row.ts";
import { NoRoom } from "./no-room.tsx";
import { AllFiled, GoesOnElsewhere } from "./notes.tsx";
import { chooseFiles, type Picks } from "./picked.ts";
import { Previous } from "./previous.tsx";
import { askToCancel, useResumeOnLeave } from "./question.ts";
import { Refusals } from "./refusals.tsx";
import { hasArrived, inOrder, isRunning, isStopped, outcomesOf } from "./summary.ts";
import { Totals } from "./totals.tsx";
import { UploadList } from "./upload-list.tsx";
import { useAnnouncements } from "./use-announcements.ts";
import { useDrops, useLeaveWarning, usePastes } from "./use-drops.ts";

export interface FileUploaderProps extends FileUploaderOptions, Names {
  /** What the file chooser offers, as of `<input accept>`. What is dropped is held to the server's rules alone. */
  readonly accept?: string;
  /** Whether folders can be chosen and dropped. */
  readonly folders?: boolean;
  /** Whether files may be dropped and pasted anywhere on the page. */
  readonly wholePage?: boolean;
  /** Whether its drop zone is one line, where uploading isn't what the page is for. */
  readonly compact?: boolean;
  /** Where room is made, such as the trash; shown where there is none for a file. */
  readonly cleanUpHref?: string;
  /** Shown above, as the component's heading; by default it has its name for screen readers alone. */
  readonly heading?: ReactNode;
}

function doubtOf({ intake: { doubt } }: FileUploaderState): Question | undefined {
  return doubt === undefined ? undefined : { kind: "doubt", doubt };
}

function Heading({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  const { uploader: texts } = useTexts();
  if (children !== undefined) return <h2 id={id}>{children}</h2>;
  return (
    <h2 id={id} className="cw-hidden">
      {texts.title}
    </h2>
  );
}

/** Files come in, and go where they belong: dropped, chosen or pasted, and shown until they have passed their check. */
export function FileUploader(props: FileUploaderProps) {
  const { accept, folders = true, wholePage = true, compact = false, heading, cleanUpHref } = props;
  const { nameOf, nameOfEntity, hrefOf } = props;
  const state = useFileUploader(props);
  const { uploads, summary, checks, isMultiple, remove } = state;
  const { uploader: texts } = useTexts();
  const [announcer] = useState(createAnnouncer);
  const [question, setQuestion] = useState<Question>();
  const [root, setRoot] = useState<HTMLElement | null>(null);
  const input = useRef<HTMLInputElement>(null);
  /** What the next files of the input are chosen for: said whenever it is opened, since nobody may choose any. */
  const isContinuing = useRef(false);
  const chooseButton = useRef<HTMLButtonElement>(null);
  const titleId = useId();
  const names = useMemo(() => ({ nameOf, nameOfEntity, hrefOf }), [nameOf, nameOfEntity, hrefOf]);
  const isDragging = useDrops(state.add, root, wholePage);
  usePastes(state.add, root, wholePage);
  useLeaveWarning(summary.running > 0 || question?.kind === "cancel");
  useResumeOnLeave(question);
  useAnnouncements(announcer, texts, state);

  const drop = useCallback(
    (gone: readonly Upload[]) => {
      leaveRow(chooseButton.current);
      remove(gone);
    },
    [remove],
  );
  const onRemove = useCallback(
    (upload: Upload) => {
      // What the server has may be more than what this page was told of.
      const hasBegun = (isRunning(upload) || isStopped(upload)) && upload.id !== undefined;
      if (hasBegun) setQuestion(askToCancel([upload], 0));
      else drop([upload]);
    },
    [drop],
  );
  const { retry } = state;
  const onRetry = useCallback(
    (upload: Upload) => {
      leaveRow(chooseButton.current);
      retry(upload);
    },
    [retry],
  );
  const onAnswer = (isConfirmed: boolean) => {
    // At once, so that the focus is back in its row before that goes.
    flushSync(() => setQuestion(undefined));
    if (question?.kind === "cancel") answerCancel(question, isConfirmed);
    else if (question?.kind === "discard" && isConfirmed) {
      leaveRow(chooseButton.current);
      state.discardPrevious(question.upload);
    }
  };
  const answerCancel = (asked: Question & { readonly kind: "cancel" }, isConfirmed: boolean) => {
    if (!isConfirmed) return asked.paused.forEach((upload) => upload.resume());
    // Its last bytes may have been on their way when it was paused.
    const arrived = asked.uploads.filter(hasArrived);
    drop(asked.uploads.filter((upload) => !hasArrived(upload)));
    if (arrived.length > 0) announcer.say(texts.arrived(arrived.length));
  };
  /** The notice that was clicked goes with them. */
  const settleDuplicates = (settle: (duplicates: readonly Upload[]) => void) => {
    chooseButton.current?.focus();
    settle(state.duplicates);
  };
  const addChosen = (picks: Picks) => {
    state.add(picks, isContinuing.current);
    isContinuing.current = false;
  };
  const choose = async (toContinue = false) => {
    isContinuing.current = toContinue;
    // What the chooser offers is the input's to say.
    const picks = accept === undefined ? await chooseFiles(isMultiple) : undefined;
    if (picks === undefined) input.current?.click();
    else state.add(picks, toContinue);
  };
  const cancelAll = () =>
    setQuestion(
      askToCancel(
        uploads.filter((each) => isRunning(each) || isStopped(each)),
        uploads.filter(hasArrived).length,
      ),
    );

  return (
    <Root className="cw-uploader" ref={setRoot} aria-labelledby={titleId}>
      <Heading id={titleId}>{heading}</Heading>
      <Previous
        uploads={state.previous}
        onContinue={() =>
          void state.resumePrevious().then((mustChoose) => (mustChoose ? choose(true) : undefined))
        }
        onDiscard={(upload) => setQuestion({ kind: "discard", upload })}
      />
      <GoesOnElsewhere state={state} />
      <DropZone
        rules={state.rules}
        hasFolders={folders && isMultiple}
        isMultiple={isMultiple}
        accept={accept}
        isDragging={isDragging}
        isWholePage={wholePage}
        isCompact={compact}
        input={input}
        chooseButton={chooseButton}
        onChoose={() => void choose()}
        onPicks={addChosen}
        onFolderPicks={state.add}
      />
      {state.intake.seen === undefined ? undefined : (
        <p className="cw-muted">{texts.adding(state.intake.seen)}</p>
      )}
      <Refusals
        view={state.intake}
        cleanUpHref={cleanUpHref}
        onDismiss={state.dismissRefusals}
        onRetry={() => {
          chooseButton.current?.focus();
          state.retryRefused();
        }}
      />
      <NoRoom
        uploads={state.withoutRoom}
        of={uploads.length}
        cleanUpHref={cleanUpHref}
        onRetry={() => {
          chooseButton.current?.focus();
          state.withoutRoom.forEach(retry);
        }}
      />
      <Duplicates
        uploads={state.duplicates}
        onSkip={() => settleDuplicates(remove)}
        onUpload={() => settleDuplicates((each) => each.forEach((upload) => upload.resume()))}
      />
      {uploads.length > state.duplicates.length ? (
        <Totals
          summary={summary}
          outcomes={outcomesOf(uploads, checks)}
          filed={state.filed.count}
          onPauseAll={state.pauseAll}
          onResumeAll={state.resumeAll}
          onCancelAll={cancelAll}
          onClear={() => {
            chooseButton.current?.focus();
            state.clearFinished();
          }}
        />
      ) : undefined}
      <AllFiled state={state} onDismiss={() => chooseButton.current?.focus()} />
      {uploads.length > 0 ? (
        <UploadList
          uploads={inOrder(uploads, checks)}
          checks={checks}
          names={names}
          onRemove={onRemove}
          onRetry={onRetry}
        />
      ) : undefined}
      <LiveRegion announcer={announcer} />
      <QuestionDialog question={question} onAnswer={onAnswer} />
      <QuestionDialog question={doubtOf(state)} onAnswer={state.settleDoubt} />
    </Root>
  );
}
