import { type SubmitEvent, useId } from "react";
import type { FileRecord } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button } from "../ui/button.tsx";
import { Modal } from "../ui/modal.tsx";
import { entityOf, keyOfEntity, type ListedEntity } from "./listed-entities.ts";
import type { FileChanges } from "./use-file-changes.ts";

interface AttachDialogProps {
  readonly files: readonly FileRecord[];
  readonly entities: readonly ListedEntity[];
  readonly changes: FileChanges;
  readonly onClose: () => void;
}

/** Asks what files are to be attached to, or detached. */
export function AttachDialog({ files, entities, changes, onClose }: AttachDialogProps) {
  const { fileList, preview } = useFileTexts();
  const fieldId = useId();
  const [first] = files;
  const now = first === undefined ? undefined : entityOf(first, entities);
  const attach = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = new FormData(event.currentTarget).get("entity");
    onClose();
    void changes.attach(
      files,
      entities.find((each) => keyOfEntity(each) === key),
    );
  };
  return (
    <Modal title={fileList.attachQuestion(files.map(({ filename }) => filename))} onClose={onClose}>
      <form className="cw-field-line" onSubmit={attach}>
        <label htmlFor={fieldId}>{fileList.attachedTo}</label>
        <div className="cw-field-row">
          <select
            id={fieldId}
            name="entity"
            className="cw-input"
            defaultValue={now === undefined ? "" : keyOfEntity(now)}
          >
            <option value="">{fileList.nowhere}</option>
            {entities.map((each) => (
              <option key={keyOfEntity(each)} value={keyOfEntity(each)}>
                {each.label}
              </option>
            ))}
          </select>
          <Button type="submit" look="accent">
            {preview.save}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
