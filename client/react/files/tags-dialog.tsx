import { type SubmitEvent, useId, useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import { Icon } from "../icons/icon.tsx";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button } from "../ui/button.tsx";
import { directionOf } from "../ui/direction-of.ts";
import { Modal } from "../ui/modal.tsx";
import type { FileChanges } from "./use-file-changes.ts";

export interface TagsDialogProps {
  readonly files: readonly FileRecord[];
  readonly changes: FileChanges;
  readonly onClose: () => void;
}

const MAX_TAG_LENGTH = 128;

/** Several at once, separated by commas. */
function tagsOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
}

/** The tags of some files: a change is made as it is asked for. */
export function TagsDialog({ files, changes, onClose }: TagsDialogProps) {
  const { fileList: texts } = useFileTexts();
  const [text, setText] = useState("");
  const fieldId = useId();
  const tags = [...new Set(files.flatMap((file) => file.tags))];
  const add = (event: SubmitEvent) => {
    event.preventDefault();
    const added = tagsOf(text);
    if (added.length === 0) return;
    setText("");
    void changes.tag(files, added, "tag");
  };
  return (
    <Modal title={texts.tagsOf(files.map(({ filename }) => filename))} onClose={onClose}>
      {tags.length === 0 ? (
        <p className="cw-file-minor">{texts.noTags}</p>
      ) : (
        <ul className="cw-tag-list">
          {tags.map((tag) => (
            <li key={tag}>
              <button
                type="button"
                className="cw-chip"
                data-on
                aria-label={texts.removeTag(tag)}
                onClick={() => void changes.tag(files, [tag], "untag")}
              >
                <span className="cw-chip-text" dir="auto">
                  {tag}
                </span>
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <form className="cw-field-line" onSubmit={add}>
        <label htmlFor={fieldId}>{texts.addTag}</label>
        <div className="cw-field-row">
          <input
            id={fieldId}
            className="cw-input"
            value={text}
            maxLength={MAX_TAG_LENGTH}
            dir={directionOf(text)}
            autoComplete="off"
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Button type="submit">{texts.add}</Button>
        </div>
      </form>
    </Modal>
  );
}
