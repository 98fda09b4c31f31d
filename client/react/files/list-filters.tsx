import type { FileRecord } from "#contract/api.ts";
import type { FileClass } from "#contract/file-types.ts";
import { Icon } from "../icons/icon.tsx";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button } from "../ui/button.tsx";
import { ChoiceButton } from "../ui/choice-button.tsx";
import { isFiltered, type ListChoice, withoutFilters } from "./list-choice.ts";
import { keyOfEntity, type ListedEntity } from "./listed-entities.ts";

export interface ListFiltersProps {
  readonly choice: ListChoice;
  readonly onChoice: (choice: ListChoice) => void;
  /** Of whose tags one can be chosen. */
  readonly files: readonly FileRecord[];
  /** Of which the attached files can be chosen. */
  readonly entities: readonly ListedEntity[];
  readonly isTrash: boolean;
}

const KINDS = ["document", "image", "video", "audio", "other"] as const satisfies readonly FileClass[];
const STATES = ["clean", "quarantined", "infected", "unscannable", "uploading"] as const;
const MAX_TAGS_OFFERED = 30;

function tagsIn(files: readonly FileRecord[], chosen: readonly string[]): readonly string[] {
  const tags = new Set(files.flatMap((file) => file.tags));
  return [...tags]
    .filter((tag) => !chosen.includes(tag))
    .toSorted((one, other) => one.localeCompare(other))
    .slice(0, MAX_TAGS_OFFERED);
}

/** What the list is narrowed to. */
export function ListFilters({ choice, onChoice, files, entities, isTrash }: ListFiltersProps) {
  const { fileList: texts } = useFileTexts();
  const { kind, state, tags, entity } = choice;
  const offered = tagsIn(files, tags);
  return (
    <div className="cw-filters" role="group" aria-label={texts.filter}>
      <ChoiceButton
        label={texts.kind}
        value={kind ?? ""}
        isOn={kind !== undefined}
        options={[["", texts.anyKind], ...KINDS.map((each) => [each, texts.kinds[each]] as const)]}
        onChoice={(next) => onChoice({ ...choice, kind: next === "" ? undefined : next })}
      />
      {!isTrash && (
        <ChoiceButton
          label={texts.state}
          value={state ?? ""}
          isOn={state !== undefined}
          options={[["", texts.anyState], ...STATES.map((each) => [each, texts.states[each]] as const)]}
          onChoice={(next) => onChoice({ ...choice, state: next === "" ? undefined : next })}
        />
      )}
      {entities.length > 0 && (
        <ChoiceButton
          label={texts.attachedTo}
          value={entity === undefined ? "" : keyOfEntity(entity)}
          isOn={entity !== undefined}
          options={[
            ["", texts.anywhere],
            ...entities.map((each) => [keyOfEntity(each), each.label] as const),
          ]}
          onChoice={(next) =>
            onChoice({ ...choice, entity: entities.find((each) => keyOfEntity(each) === next) })
          }
        />
      )}
      {offered.length > 0 && (
        <ChoiceButton
          label={texts.tag}
          value=""
          options={offered.map((tag) => [tag, tag] as const)}
          onChoice={(tag) => onChoice({ ...choice, tags: [...tags, tag] })}
        />
      )}
      {tags.map((tag) => (
        <button
          key={tag}
          type="button"
          className="cw-chip"
          data-on
          aria-label={texts.removeFilter(tag)}
          onClick={() => onChoice({ ...choice, tags: tags.filter((each) => each !== tag) })}
        >
          <span className="cw-chip-text" dir="auto">
            {tag}
          </span>
          <Icon name="close" />
        </button>
      ))}
      {isFiltered(choice) && (
        <Button look="link" onClick={() => onChoice(withoutFilters(choice))}>
          {texts.clearFilters}
        </Button>
      )}
    </div>
  );
}
