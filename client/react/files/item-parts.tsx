import { type KeyboardEvent, type SubmitEvent, useRef } from "react";
import { LIST_ICONS } from "../icons/list-outlines.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { IconButton } from "../ui/button.tsx";
import { FileName } from "../ui/file-name.tsx";
import type { FileItemProps } from "./file-item.ts";

/** What rows and cards are made of. */

export function ItemCheckbox({ file, isSelected, isActive, onPick, onToggle }: FileItemProps) {
  const { fileList: texts } = useFileTexts();
  return (
    <label className="cw-file-check">
      <input
        type="checkbox"
        checked={isSelected}
        aria-label={texts.select(file.filename)}
        tabIndex={isActive ? 0 : -1}
        onChange={({ nativeEvent }) => {
          // A box is changed by a click, also where the keyboard presses it.
          const isRange = nativeEvent instanceof MouseEvent && nativeEvent.shiftKey;
          if (isRange) onPick(file.id, { extends: true, adds: true });
          else onToggle(file.id);
        }}
      />
    </label>
  );
}

export function ItemMenuButton({ file, isActive, onMenu }: FileItemProps) {
  const { fileList: texts } = useFileTexts();
  return (
    <IconButton
      icon={LIST_ICONS.more}
      label={texts.columns.actions}
      name={texts.actionsOf(file.filename)}
      aria-haspopup="menu"
      tabIndex={isActive ? 0 : -1}
      onClick={(event) => onMenu({ file, anchor: event.currentTarget })}
    />
  );
}

/** The name, which opens the file, or a field while it is being changed. */
export function ItemName(props: FileItemProps) {
  const { file, isRenaming, isActive, isPassing, rules, onAct } = props;
  if (isRenaming) return <RenameField {...props} />;
  if (isPassing || !rules.canOpen || rules.isTrash) return <FileName name={file.filename} />;
  return (
    <button
      type="button"
      className="cw-file-open"
      tabIndex={isActive ? 0 : -1}
      onClick={() => onAct("open", [file])}
    >
      <FileName name={file.filename} />
    </button>
  );
}

/** Chooses the name without its ending, which stays as a rule. */
export function chooseStem(field: HTMLInputElement | null): void {
  if (field === null) return;
  const dot = field.value.lastIndexOf(".");
  field.focus();
  field.setSelectionRange(0, dot > 0 ? dot : field.value.length);
}

function RenameField({ file, onRename }: FileItemProps) {
  const { fileList: texts } = useFileTexts();
  const isOver = useRef(false);
  const end = (field: HTMLInputElement | null, filename: string | undefined) => {
    if (isOver.current) return;
    isOver.current = true;
    const row = field?.closest<HTMLElement>("[data-file-id]");
    const name = filename?.trim() ?? "";
    onRename(file, name === "" || name === file.filename ? undefined : name);
    row?.focus();
  };
  const fieldOf = (form: EventTarget) => (form instanceof Element ? form.querySelector("input") : null);
  return (
    <form
      className="cw-file-rename"
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault();
        const field = fieldOf(event.currentTarget);
        end(field, field?.value);
      }}
    >
      <input
        ref={chooseStem}
        className="cw-input"
        defaultValue={file.filename}
        aria-label={texts.newName(file.filename)}
        dir="auto"
        autoComplete="off"
        spellCheck={false}
        onKeyDown={(event: KeyboardEvent<HTMLInputElement>) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          end(event.currentTarget, undefined);
        }}
        onBlur={(event) => end(null, event.currentTarget.value)}
      />
    </form>
  );
}
