import { memo } from "react";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { SentenceLine } from "../ui/sentence.tsx";
import { type FileItemProps, itemHandlers } from "./file-item.ts";
import { FilePicture } from "./file-picture.tsx";
import { ItemCheckbox, ItemMenuButton, ItemName } from "./item-parts.tsx";
import { useSentence } from "./use-sentence.ts";

/** A file as a card, known by its picture. */
export const FileCard = memo((props: FileItemProps) => {
  const { file, isSelected, isActive, isPassing } = props;
  const texts = useFileTexts();
  const sentence = useSentence(props);
  return (
    <div
      role="gridcell"
      className="cw-file-card"
      aria-selected={isSelected}
      data-file-id={file.id}
      data-selected={isSelected || undefined}
      tabIndex={isActive ? 0 : -1}
      {...itemHandlers(props)}
    >
      {isPassing ? (
        <span className="cw-file-picture" />
      ) : (
        <>
          <FilePicture file={file} thumbnails={props.thumbnails} />
          <ItemCheckbox {...props} />
        </>
      )}
      <div className="cw-card-words">
        <ItemName {...props} />
        {sentence.tone === "ready" ? (
          <bdi className="cw-file-minor">
            {file.sizeBytes === null ? "" : texts.common.bytes(file.sizeBytes)}
          </bdi>
        ) : (
          <SentenceLine sentence={sentence} />
        )}
      </div>
      {!isPassing && <ItemMenuButton {...props} />}
    </div>
  );
});
FileCard.displayName = "FileCard";
