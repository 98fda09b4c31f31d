import { memo } from "react";
import { Moment } from "../ui/moment.tsx";
import { SentenceLine } from "../ui/sentence.tsx";
import { useTexts } from "../use-client.ts";
import { describeFile } from "./describe-file.ts";
import { type FileItemProps, itemHandlers } from "./file-item.ts";
import { FilePicture } from "./file-picture.tsx";
import { ItemCheckbox, ItemMenuButton, ItemName } from "./item-parts.tsx";
import { Tags } from "./tags.tsx";

interface FileRowProps extends FileItemProps {
  readonly index: number;
  readonly topPixels: number;
  readonly heightPixels: number;
}

/** A file as a row: in columns, or on two lines where there is no room for them. */
export const FileRow = memo(({ index, topPixels, heightPixels, ...props }: FileRowProps) => {
  const { file, isSelected, isActive, isNarrow } = props;
  const texts = useTexts();
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
        <ItemCheckbox {...props} />
      </div>
      <div role="rowheader" className="cw-cell-name">
        <FilePicture file={file} thumbnails={props.thumbnails} />
        <div className="cw-file-naming">
          <ItemName {...props} />
          {isNarrow ? <NarrowFacts {...props} /> : <Tags tags={file.tags} />}
        </div>
      </div>
      {!isNarrow && (
        <>
          <div role="gridcell" className="cw-cell-size">
            <bdi>{file.sizeBytes === null ? "" : texts.common.bytes(file.sizeBytes)}</bdi>
          </div>
          <div role="gridcell" className="cw-cell-state">
            <SentenceLine sentence={describeFile(file, texts)} />
          </div>
          <div role="gridcell" className="cw-cell-date">
            <Moment at={file.createdAt} />
          </div>
          <div role="gridcell" className="cw-cell-by">
            {props.nameOf(file.ownerId)}
          </div>
        </>
      )}
      <div role="gridcell" className="cw-cell-menu">
        <ItemMenuButton {...props} />
      </div>
    </div>
  );
});
FileRow.displayName = "FileRow";

function NarrowFacts({ file, nameOf }: FileItemProps) {
  const texts = useTexts();
  const size = file.sizeBytes === null ? "" : `${texts.common.bytes(file.sizeBytes)} · `;
  return (
    <div className="cw-file-facts">
      <SentenceLine sentence={describeFile(file, texts)} />
      <span className="cw-file-minor">
        {size}
        <Moment at={file.createdAt} /> · {nameOf(file.ownerId)}
      </span>
    </div>
  );
}
