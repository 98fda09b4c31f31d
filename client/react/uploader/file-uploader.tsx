import { type ReactNode, useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { waitingFirst } from "../../core/turn.ts";
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
import { chooseFiles, type Picks } from "./picked.ts";
import { Previous } from "./previous.tsx";
import { Refusals } from "./refusals.tsx";
import { hasArrived, isRunning, isStopped, needsAttention, outcomesOf } from "./summary.ts";
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
  /** Shown above, as the component's heading; by default it has its name for screen readers alone. */
  readonly heading?: ReactNode;
}

/** Of fewer, none hides another: they stay in the order of adding. */
const MANY = 8;

/** What somebody has to see to comes first, and of many what has arrived last. */
function inOrder({ uploads, checks }: FileUploaderState): readonly Upload[] {
  const [urgent, onTheirWay, arrived]: [Upload[], Upload[], Upload[]] = [[], [], []];
  for (const upload of uploads) {
    if (needsAttention(upload, checks)) urgent.push(upload);
    else if (uploads.length > MANY && hasArrived(upload)) arrived.push(upload);
    else onTheirWay.push(upload);
  }
  return [...urgent, ...onTheirWay, ...arrived];
}

function doubtOf({ intake: { doubt } }: FileUploaderState): Question | undefined {
  return doubt === undefined ? undefined : { kind: "doubt", doubt };
}

/** Nothing is sent while it is asked: what arrives meanwhile would stay, whatever the answer. */
function askToCancel(uploads: readonly Upload[], arrived: number): Question {
  const paused = uploads.filter(isRunning);
  for (const upload of waitingFirst(paused)) upload.pause();
  return { kind: "cancel", uploads, paused, arrived };
}

/** Puts the focus on the next row's last button, or the previous one's, before the row it is in goes. */
function leaveRow(fallback: HTMLElement | null): void {
  const row = document.activeElement?.closest("li");
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
  const button = Array.from(neighbour?.querySelectorAll("button") ?? []).at(-1);
  (button ?? fallback)?.focus();
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

/** Whoever leaves the page with the question open has not said yes. */
function useResumeOnLeave(question: Question | undefined): void {
  const latest = useRef<Question>(undefined);
  useEffect(() => {
    latest.current = question;
  }, [question]);
  useEffect(
    () => () => {
      if (latest.current?.kind === "cancel") latest.current.paused.forEach((upload) => upload.resume());
    },
    [],
  );
}

/** Files come in, and go where they belong: dropped, chosen or pasted, and shown until they have passed their check. */
export function FileUploader(props: FileUploaderProps) {
  const { accept, folders = true, wholePage = true, compact = false, heading } = props;
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
    else if (question?.kind === "discard" && isConfirmed) state.discardPrevious(question.upload);
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
        onDismiss={state.dismissRefusals}
        onRetry={() => {
          chooseButton.current?.focus();
          state.retryRefused();
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
          onPauseAll={state.pauseAll}
          onResumeAll={state.resumeAll}
          onCancelAll={cancelAll}
          onClear={state.clearFinished}
        />
      ) : undefined}
      {uploads.length > 0 ? (
        <UploadList
          uploads={inOrder(state)}
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
