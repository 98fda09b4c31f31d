import { useFileTexts } from "../texts/use-file-texts.ts";
import type { ListedEntity } from "./listed-entities.ts";

/** More would take the room of the name. */
const MAX_SHOWN = 2;

interface TagsProps {
  readonly tags: readonly string[];
  readonly entity: ListedEntity | undefined;
}

/** What a file is attached to, and its tags. */
export function Tags({ tags, entity }: TagsProps) {
  const { fileList: texts } = useFileTexts();
  if (tags.length === 0 && entity === undefined) return null;
  const hidden = tags.length - MAX_SHOWN;
  return (
    <span
      className="cw-file-tags"
      title={[...(entity === undefined ? [] : [entity.label]), ...tags].join(", ")}
    >
      {entity !== undefined && (
        <span className="cw-tag" dir="auto" data-entity>
          <span className="cw-hidden">{texts.attachedTo} </span>
          {entity.label}
        </span>
      )}
      {tags.slice(0, MAX_SHOWN).map((tag) => (
        <span key={tag} className="cw-tag" dir="auto">
          {tag}
        </span>
      ))}
      {hidden > 0 && <span className="cw-file-minor">{texts.more(hidden)}</span>}
    </span>
  );
}
