import { CLASS_LIMIT_BYTES } from "#contract/file-types.ts";
import { h } from "./dom.ts";
import { formatBytes } from "./format.ts";
import { icon } from "./icons.ts";

export interface DropZone {
  readonly element: HTMLElement;
  /** Opens the file chooser. */
  choose(): void;
}

function describeLimits(): string {
  const { document: documents, image, video, audio } = CLASS_LIMIT_BYTES;
  const parts = [
    `Documents and audio up to ${formatBytes(Math.min(documents, audio))}`,
    `images ${formatBytes(image)}`,
    `video ${formatBytes(video)}`,
  ];
  return `${parts.join(", ")}. Every file is checked for viruses.`;
}

function carriesFiles(event: Event): event is DragEvent {
  return event instanceof DragEvent && (event.dataTransfer?.types.includes("Files") ?? false);
}

/** Takes files dropped anywhere on the page, and shows where they will go while they are dragged. */
function acceptDrops(
  element: HTMLElement,
  onFiles: (files: readonly File[]) => void,
  signal: AbortSignal,
): void {
  let depth = 0;
  const mark = (change: number) => (event: Event) => {
    if (!carriesFiles(event)) return;
    depth = Math.max(0, depth + change);
    element.classList.toggle("is-target", depth > 0);
  };
  const onDrop = (event: Event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    element.classList.remove("is-target");
    onFiles([...(event.dataTransfer?.files ?? [])]);
  };
  document.addEventListener("dragenter", mark(1), { signal });
  document.addEventListener("dragleave", mark(-1), { signal });
  document.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault(), { signal });
  document.addEventListener("drop", onDrop, { signal });
}

function acceptPastes(onFiles: (files: readonly File[]) => void, signal: AbortSignal): void {
  const onPaste = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) onFiles(files);
  };
  document.addEventListener("paste", onPaste, { signal });
}

/** Where files come in: dropped, chosen or pasted. */
export function createDropZone(onFiles: (files: readonly File[]) => void, signal: AbortSignal): DropZone {
  const input = h("input", { type: "file", multiple: true, hidden: true, id: "file-input", tabindex: -1 });
  input.addEventListener("change", () => {
    onFiles([...(input.files ?? [])]);
    // So that choosing the same file again is a change again.
    input.value = "";
  });
  const choose = () => input.click();
  const element = h(
    "div",
    { class: "drop-zone" },
    icon("upload"),
    h(
      "div",
      { class: "drop-zone-words" },
      h("p", {}, "Drop files here"),
      h("p", { class: "muted small" }, describeLimits()),
    ),
    h("button", { type: "button", class: "button button-accent", onclick: choose }, "Choose files"),
    input,
  );
  acceptDrops(element, onFiles, signal);
  acceptPastes(onFiles, signal);
  return { element, choose };
}
