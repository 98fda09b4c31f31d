import { useTexts } from "../use-client.ts";

/** More would take the room of the name. */
const MAX_SHOWN = 2;

export function Tags({ tags }: { readonly tags: readonly string[] }) {
  const { fileList: texts } = useTexts();
  if (tags.length === 0) return null;
  const hidden = tags.length - MAX_SHOWN;
  return (
    <span className="cw-file-tags" title={tags.join(", ")}>
      {tags.slice(0, MAX_SHOWN).map((tag) => (
        <span key={tag} className="cw-tag" dir="auto">
          {tag}
        </span>
      ))}
      {hidden > 0 && <span className="cw-file-minor">{texts.more(hidden)}</span>}
    </span>
  );
}
