import { memo } from "react";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Moment } from "../ui/moment.tsx";
import { SentenceLine } from "../ui/sentence.tsx";
import { type FileItemProps, itemHandlers } from "./file-item.ts";
import { FilePicture } from "./file-picture.tsx";
import { ItemCheckbox, ItemMenuButton, ItemName } from "./item-parts.tsx";
import { entityOf } from "./listed-entities.ts";
import { Tags } from "./tags.tsx";
import { useSentence } from "./use-sentence.ts";

interface FileRowProps extends FileItemProps {
  readonly index: number;
  readonly topPixels: number;
  readonly heightPixels: number;
}

/** A file as a row: in columns, or on two lines where there is no room for them. */
export const FileRow = memo(({ index, topPixels, heightPixels, ...props }: FileRowProps) => {
  const { file, isSelected, isActive, isNarrow, isPassing } = props;
  const texts = useFileTexts();
  const sentence = useSentence(props);
  return (
    <div
      role="row"
      className="cw-file-row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      style={{ transform: `translateY(${topPixels}px)`, height: heightPixels }}
      data-file-id={file.id}
      data-selected={isSelected || undefined}
      tabIndex={isActive ? 0 : -1}
      {...itemHandlers(props)}
    >
      <div role="gridcell" className="cw-cell-check">
        {!isPassing && <ItemCheckbox {...props} />}
      </div>
      <div role="rowheader" className="cw-cell-name">
        {isPassing ? (
          <span className="cw-file-picture" />
        ) : (
          <FilePicture file={file} thumbnails={props.thumbnails} />
        )}
        <div className="cw-file-naming">
          <ItemName {...props} />
          {isNarrow ? (
            <NarrowFacts {...props} />
          ) : (
            <Tags tags={file.tags} entity={entityOf(file, props.entities)} />
          )}
        </div>
      </div>
      {!isNarrow && (
        <>
          <div role="gridcell" className="cw-cell-size">
            <bdi>{file.sizeBytes === null ? "" : texts.common.bytes(file.sizeBytes)}</bdi>
          </div>
          <div role="gridcell" className="cw-cell-state">
            {isPassing ? sentence.text : <SentenceLine sentence={sentence} />}
          </div>
          <div role="gridcell" className="cw-cell-date">
            <Moment at={shownDate(props)} />
          </div>
          <div role="gridcell" className="cw-cell-by">
            {props.nameOf(file.ownerId)}
          </div>
        </>
      )}
      <div role="gridcell" className="cw-cell-menu">
        {!isPassing && <ItemMenuButton {...props} />}
      </div>
    </div>
  );
});
FileRow.displayName = "FileRow";

/** In the trash, since when it is there. */
function shownDate({ file, rules }: FileItemProps): string {
  return (rules.isTrash ? file.deletedAt : null) ?? file.createdAt;
}

function NarrowFacts(props: FileItemProps) {
  const { file, nameOf } = props;
  const texts = useFileTexts();
  return (
    <div className="cw-file-facts">
      <SentenceLine sentence={useSentence(props)} />
      <span className="cw-file-minor">
        {file.sizeBytes !== null && (
          <>
            <bdi>{texts.common.bytes(file.sizeBytes)}</bdi> ·{" "}
          </>
        )}
        <Moment at={shownDate(props)} /> · {nameOf(file.ownerId)}
      </span>
    </div>
  );
}
