import { type ReactNode, useEffect, useState } from "react";
import { Icon } from "../icons/icon.tsx";
import { LIST_ICONS } from "../icons/list-outlines.ts";
import type { SortName } from "../texts/files-texts.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { IconButton } from "../ui/button.tsx";
import { ChoiceButton } from "../ui/choice-button.tsx";
import { directionOf } from "../ui/direction-of.ts";
import type { ListChoice } from "./list-choice.ts";

export interface ListToolbarProps {
  readonly choice: ListChoice;
  readonly onChoice: (choice: ListChoice) => void;
  readonly view: "list" | "grid";
  readonly onView: (view: "list" | "grid") => void;
  readonly isTrash: boolean;
  /** What can be done with the whole list. */
  readonly children?: ReactNode;
}

/** From the last letter on: who types isn't asked about. */
const SEARCH_DELAY_MS = 250;

type Sorting = `${SortName}-${"asc" | "desc"}`;

export function ListToolbar({ choice, onChoice, view, onView, isTrash, children }: ListToolbarProps) {
  const { fileList: texts } = useFileTexts();
  return (
    <div className="cw-list-toolbar" data-view={view}>
      <SearchField value={choice.search} onChange={(search) => onChoice({ ...choice, search })} />
      {!isTrash && <SortChoice choice={choice} onChoice={onChoice} />}
      {children}
      <div className="cw-views" role="group" aria-label={texts.view}>
        {(["list", "grid"] as const).map((each) => (
          <IconButton
            key={each}
            icon={LIST_ICONS[each]}
            label={each === "list" ? texts.asList : texts.asGrid}
            aria-pressed={view === each}
            onClick={() => onView(each)}
          />
        ))}
      </div>
    </div>
  );
}

function SortChoice({ choice, onChoice }: Pick<ListToolbarProps, "choice" | "onChoice">) {
  const { fileList: texts } = useFileTexts();
  const options = (["date", "name", "size"] as const).flatMap((sort) =>
    (sort === "name" ? (["asc", "desc"] as const) : (["desc", "asc"] as const)).map((order) => {
      const value: Sorting = `${sort}-${order}`;
      const direction = order === "asc" ? texts.ascending : texts.descending;
      return [value, `${texts.sorts[sort]}, ${direction}`] as const;
    }),
  );
  const value: Sorting = `${choice.sort}-${choice.order}`;
  return (
    <ChoiceButton
      label={texts.sortBy}
      value={value}
      options={options}
      onChoice={(next) => {
        const [sort, order] = next.split("-") as [SortName, "asc" | "desc"];
        onChoice({ ...choice, sort, order });
      }}
    />
  );
}

interface SearchFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A field of its own text, of which the list hears when there was a pause. */
function SearchField({ value, onChange }: SearchFieldProps) {
  const { fileList: texts } = useFileTexts();
  const [text, setText] = useState(value);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onChange(text), text === "" ? 0 : SEARCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <div className="cw-search">
      <Icon name={LIST_ICONS.search} />
      <input
        type="search"
        className="cw-input"
        aria-label={texts.search}
        placeholder={texts.search}
        value={text}
        maxLength={200}
        dir={directionOf(text)}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && setText("")}
      />
      {text !== "" && <IconButton icon="close" label={texts.clearSearch} onClick={() => setText("")} />}
    </div>
  );
}
