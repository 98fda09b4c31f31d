import type { Upload } from "../index.ts";
import type { Announce } from "./announcer.ts";
import { formatBytes, formatPortion } from "./format.ts";
import { Row, type RowAction, type RowView } from "./row.ts";
import { describeUpload } from "./sentences.ts";

const TICK_MS = 1_000;

const PAUSABLE = new Set(["waiting", "hashing", "uploading", "offline", "retrying"]);
const WITH_BAR = new Set(["uploading", "paused", "offline", "retrying", "failed"]);

export interface UploadRowEvents {
  readonly announce: Announce;
  /** The server has it, as a new upload or one that goes on. */
  onKnown(): void;
  /** The bytes are there; the row has nothing more to tell. */
  onUploaded(fileId: string): void;
  onRemove(): void;
}

function actionsOf(upload: Upload, onRemove: () => void): readonly RowAction[] {
  const { kind } = upload.state;
  const remove: RowAction = { icon: "close", label: "Remove", run: onRemove };
  const cancel: RowAction = { icon: "close", label: "Cancel upload of", run: onRemove };
  const goOn = { icon: "retry", label: "Go on", isMain: true, run: () => upload.resume() } as const;
  const resume = { icon: "play", label: "Resume", run: () => upload.resume() } as const;
  const pause = { icon: "pause", label: "Pause", run: () => upload.pause() } as const;
  if (kind === "failed") return [goOn, cancel];
  if (kind === "paused") return [resume, cancel];
  return PAUSABLE.has(kind) ? [pause, cancel] : [remove];
}

function factsOf({ state, progress, file }: Upload): readonly string[] {
  const { sentBytes, totalBytes, bytesPerSecond } = progress;
  if (!WITH_BAR.has(state.kind) || totalBytes === 0) return [formatBytes(file.size)];
  const percent = `${Math.floor((sentBytes / totalBytes) * 100)} %`;
  const speed = bytesPerSecond === undefined ? [] : [`${formatBytes(bytesPerSecond)}/s`];
  return [formatPortion(sentBytes, totalBytes), ...speed, percent];
}

function viewOf(upload: Upload, onRemove: () => void): RowView {
  const { state, progress } = upload;
  const view = {
    sentence: describeUpload(state, progress, Date.now()),
    facts: factsOf(upload),
    actions: actionsOf(upload, onRemove),
  };
  if (!WITH_BAR.has(state.kind)) return view;
  return { ...view, portion: progress.totalBytes === 0 ? 1 : progress.sentBytes / progress.totalBytes };
}

/** Shows an upload until it is done or removed. Shown states are announced; waiting and preparing are not news. */
export function createUploadRow(upload: Upload, events: UploadRowEvents, signal: AbortSignal): Row {
  const row = new Row(upload.file.name, upload.file.type);
  let announced: string = "waiting";
  let isKnown = false;

  function show(): void {
    const { state } = upload;
    const view = viewOf(upload, events.onRemove);
    row.update(view);
    if (state.kind !== announced && state.kind !== "waiting" && state.kind !== "hashing") {
      announced = state.kind;
      events.announce(`${row.name}: ${view.sentence.text}`);
    }
    if (!isKnown && upload.id !== undefined) {
      isKnown = true;
      events.onKnown();
    }
    if (state.kind === "uploaded") events.onUploaded(state.fileId);
  }

  const unsubscribe = upload.subscribe(show);
  // For the countdown of a retry, which nothing else would move.
  const timer = setInterval(() => upload.state.kind === "retrying" && show(), TICK_MS);
  signal.addEventListener("abort", () => {
    unsubscribe();
    clearInterval(timer);
  });
  show();
  return row;
}
