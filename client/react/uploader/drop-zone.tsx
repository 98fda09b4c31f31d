import { type RefObject, useId } from "react";
import { createPortal } from "react-dom";
import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import { Icon } from "../icons/icon.tsx";
import { Button } from "../ui/button.tsx";
import { useRootProps } from "../ui/root.tsx";
import { useTexts } from "../use-client.ts";
import { picksOf, type Picks } from "./picked.ts";
import { USUAL_LIMITS } from "./rules.ts";

export interface DropZoneProps {
  readonly rules: UploadRulesResponse | undefined;
  readonly hasFolders: boolean;
  /** Whether it takes several files at a time. */
  readonly isMultiple: boolean;
  readonly accept: string | undefined;
  readonly isDragging: boolean;
  readonly isWholePage: boolean;
  readonly isCompact: boolean;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly chooseButton: RefObject<HTMLButtonElement | null>;
  onChoose(): void;
  onPicks(picks: Picks): void;
  onFolderPicks(picks: Picks): void;
}

/** Says that the whole page takes what is dragged. */
function PageOverlay() {
  const { uploader: texts } = useTexts();
  const { className, ...root } = useRootProps();
  return createPortal(
    <div {...root} className={`${className} cw-drop-overlay`} aria-hidden="true">
      <p>
        <Icon name="upload" />
        {texts.dropAnywhere}
      </p>
    </div>,
    document.body,
  );
}

/** React has no property for it. */
function takeFolders(input: HTMLInputElement | null): void {
  if (input !== null) input.webkitdirectory = true;
}

function inputProps(onPicks: (picks: Picks) => void) {
  return {
    type: "file",
    hidden: true,
    tabIndex: -1,
    "aria-hidden": true,
    onChange({ currentTarget }: { currentTarget: HTMLInputElement }) {
      onPicks(picksOf(currentTarget.files ?? []));
      // So that choosing the same file again is a change again.
      currentTarget.value = "";
    },
  };
}

/** Where files come in by hand: dropped, or chosen. */
export function DropZone(props: DropZoneProps) {
  const { uploader: texts } = useTexts();
  const { rules, hasFolders, isMultiple, accept, isDragging, isWholePage, isCompact } = props;
  const { input, chooseButton, onChoose, onPicks, onFolderPicks } = props;
  const folderInputId = useId();
  const chooseFolder = () => document.getElementById(folderInputId)?.click();
  const dropWords = hasFolders ? texts.dropHere : texts.dropFilesHere;
  const words = isMultiple ? dropWords : texts.dropFileHere;
  return (
    <div className="cw-drop-zone" data-target={isDragging} data-compact={isCompact || undefined}>
      <Icon name="upload" />
      <div className="cw-drop-zone-words">
        <p>{words}</p>
        <p className="cw-muted cw-small">{texts.limits(rules?.maxBytes ?? USUAL_LIMITS)}</p>
      </div>
      <div className="cw-drop-zone-buttons">
        {hasFolders ? (
          <>
            <Button onClick={chooseFolder}>{texts.chooseFolder}</Button>
            <input
              {...inputProps(onFolderPicks)}
              multiple
              id={folderInputId}
              data-cw="folder"
              ref={takeFolders}
            />
          </>
        ) : undefined}
        <Button look="accent" ref={chooseButton} onClick={onChoose}>
          {isMultiple ? texts.chooseFiles : texts.chooseFile}
        </Button>
        <input {...inputProps(onPicks)} multiple={isMultiple} ref={input} accept={accept} data-cw="files" />
      </div>
      {isDragging && isWholePage ? <PageOverlay /> : undefined}
    </div>
  );
}
