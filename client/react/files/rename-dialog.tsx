import { type SubmitEvent, useId } from "react";
import type { FileRecord } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button } from "../ui/button.tsx";
import { Modal } from "../ui/modal.tsx";
import { chooseStem } from "./item-parts.tsx";

export interface RenameDialogProps {
  readonly file: FileRecord;
  readonly onRename: (filename: string) => void;
  readonly onClose: () => void;
}

/** Asks for another name. */
export function RenameDialog({ file, onRename, onClose }: RenameDialogProps) {
  const { fileList, preview } = useFileTexts();
  const fieldId = useId();
  const rename = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = new FormData(event.currentTarget).get("filename");
    onClose();
    if (typeof name === "string" && name.trim() !== "" && name !== file.filename) onRename(name.trim());
  };
  return (
    <Modal title={preview.renaming(file.filename)} onClose={onClose}>
      <form className="cw-field-line" onSubmit={rename}>
        <label htmlFor={fieldId}>{fileList.columns.name}</label>
        <div className="cw-field-row">
          <input
            ref={chooseStem}
            id={fieldId}
            name="filename"
            className="cw-input"
            defaultValue={file.filename}
            dir="auto"
            autoComplete="off"
            spellCheck={false}
          />
          <Button type="submit" look="accent">
            {preview.save}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
