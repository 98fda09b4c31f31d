import { memo, useCallback, useEffect, useState, useSyncExternalStore } from "react";
import type { UploadProgress, UploadState } from "../../core/types.ts";
import type { Upload } from "../../core/upload.ts";
import { useUpload } from "../hooks/use-upload.ts";
import type { UploaderTexts } from "../texts/uploader-texts.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { FileName } from "../ui/file-name.tsx";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { SentenceLine } from "../ui/sentence.tsx";
import { useTexts } from "../use-client.ts";
import type { Check, Checks } from "./checks.ts";
import { describeDuplicate, DuplicateChoice, type Names } from "./duplicates.tsx";
import { describeUpload } from "./sentences.ts";
import { isBlocked, isRunning, isStopped, isWithoutRoom } from "./summary.ts";
import { Thumbnail } from "./thumbnail.tsx";

const TICK_MS = 1_000;
/** From then on a check is said to take a while. */
const LONG_CHECK_MS = 10_000;
const WITH_BAR: ReadonlySet<UploadState["kind"]> = new Set([
  "uploading",
  "paused",
  "offline",
  "retrying",
  "failed",
]);

export interface UploadRowProps {
  readonly upload: Upload;
  readonly checks: Checks;
  readonly names: Names;
  /** Takes it off the list, and gives it up if it is on its way. */
  onRemove(upload: Upload): void;
  /** Begins one anew that there was no room for. */
  onRetry(upload: Upload): void;
}

function useCheck(upload: Upload, checks: Checks): Check | undefined {
  const read = () => checks.of(upload);
  return useSyncExternalStore(checks.subscribe, read, read);
}

/** Seconds until then, counted down; 0 from then on, and where there is no such time. */
function useSecondsUntil(atMs: number): number {
  const subscribe = useCallback(
    (listener: () => void) => {
      if (atMs === 0) return () => {};
      const timer = setInterval(listener, TICK_MS);
      return () => clearInterval(timer);
    },
    [atMs],
  );
  const read = () => Math.max(0, Math.ceil((atMs - Date.now()) / 1000));
  return useSyncExternalStore(subscribe, read, read);
}

function isBeingChecked({ kind }: UploadState, check: Check | undefined): boolean {
  return kind === "uploaded" && check?.kind !== "settled" && check?.kind !== "unknown";
}

/** Whether something has been so for so long. */
function useLasting(isSo: boolean, ms: number): boolean {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!isSo) return undefined;
    const timer = setTimeout(() => setLong(true), ms);
    return () => {
      clearTimeout(timer);
      setLong(false);
    };
  }, [isSo, ms]);
  return isLong;
}

function factsOf(
  {
    uploader,
    common,
  }: { uploader: UploaderTexts; common: { bytes(bytes: number): string; percent(portion: number): string } },
  kind: UploadState["kind"],
  { sentBytes, totalBytes, bytesPerSecond }: UploadProgress,
): string {
  if (!WITH_BAR.has(kind) || totalBytes === 0) return common.bytes(totalBytes);
  const speed = bytesPerSecond === undefined ? [] : [uploader.speed(bytesPerSecond)];
  const percent = common.percent(sentBytes / totalBytes);
  return [uploader.portion(sentBytes, totalBytes), ...speed, percent].join(" · ");
}

function portionOf({ sentBytes, totalBytes }: UploadProgress): number {
  return totalBytes === 0 ? 1 : sentBytes / totalBytes;
}

/** The one thing to do with it, beside giving it up. */
function MainAction({ upload, onRetry }: Pick<UploadRowProps, "upload" | "onRetry">) {
  const { uploader: texts } = useTexts();
  const { kind } = upload.state;
  const nameOf = (action: string) => texts.actionOn(action, upload.file.name);
  if (kind === "failed") {
    return (
      <Button icon="retry" aria-label={nameOf(texts.goOn)} onClick={() => upload.resume()}>
        {texts.goOn}
      </Button>
    );
  }
  if (isWithoutRoom(upload)) {
    return (
      <Button icon="retry" aria-label={nameOf(texts.tryAgain)} onClick={() => onRetry(upload)}>
        {texts.tryAgain}
      </Button>
    );
  }
  // One button for both, so that the focus stays on it.
  const isPaused = kind === "paused";
  if (!isPaused && !isRunning(upload)) return undefined;
  const label = isPaused ? texts.resume : texts.pause;
  return (
    <IconButton
      icon={isPaused ? "play" : "pause"}
      label={label}
      name={nameOf(label)}
      onClick={() => (isPaused ? upload.resume() : upload.pause())}
    />
  );
}

function Removal({ upload, onRemove }: Pick<UploadRowProps, "upload" | "onRemove">) {
  const { uploader: texts } = useTexts();
  const label = isRunning(upload) || isStopped(upload) ? texts.cancel : texts.remove;
  return (
    <IconButton
      icon="close"
      label={label}
      name={texts.actionOn(label, upload.file.name)}
      onClick={() => onRemove(upload)}
    />
  );
}

/** One upload until it is taken off the list; renders by itself, without the list around it. */
export const UploadRow = memo(({ upload, checks, names, onRemove, onRetry }: UploadRowProps) => {
  const texts = useTexts();
  const view = useUpload(upload);
  const check = useCheck(upload, checks);
  const { state, progress } = view;
  const secondsLeft = useSecondsUntil(state.kind === "retrying" ? state.retryAtMs : 0);
  const isSlow = useLasting(isBeingChecked(state, check), LONG_CHECK_MS);
  const { file, meta } = upload;
  const sentence =
    state.kind === "duplicate"
      ? describeDuplicate(texts.uploader, state.of, meta, names)
      : describeUpload(texts.uploader, view, check, secondsLeft);
  return (
    <div className="cw-upload">
      <Thumbnail file={file} />
      <div className="cw-upload-body">
        <FileName name={file.name} folder={meta.folder ?? ""} />
        <div className="cw-upload-words">
          <SentenceLine sentence={isSlow ? { ...sentence, text: texts.uploader.checkingStill } : sentence} />
          <span className="cw-upload-facts cw-words">{factsOf(texts, state.kind, progress)}</span>
        </div>
        {WITH_BAR.has(state.kind) ? (
          <ProgressBar
            label={texts.uploader.progressOf(file.name)}
            portion={portionOf(progress)}
            isMoving={state.kind === "uploading"}
          />
        ) : undefined}
        {isBlocked(upload, checks) ? (
          <p className="cw-upload-hint cw-muted cw-small">{texts.uploader.blockedHint}</p>
        ) : undefined}
        {state.kind === "duplicate" ? (
          <DuplicateChoice upload={upload} href={names.hrefOf?.(state.of)} onSkip={onRemove} />
        ) : undefined}
      </div>
      <div className="cw-upload-actions">
        <MainAction upload={upload} onRetry={onRetry} />
        {state.kind === "duplicate" ? undefined : <Removal upload={upload} onRemove={onRemove} />}
      </div>
    </div>
  );
});
