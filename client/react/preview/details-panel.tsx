import type { FileRecord } from "#contract/api.ts";
import type { ListedEntity } from "../files/listed-entities.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { FileTimeline } from "../timeline/file-timeline.tsx";
import { FileFacts } from "./file-facts.tsx";
import { FileSharing } from "./file-sharing.tsx";
import { FileVersions } from "./file-versions.tsx";

export interface DetailsPanelProps {
  readonly file: FileRecord;
  readonly nameOf: (userId: string) => string;
  readonly entities: readonly ListedEntity[];
  /** Called when the file was changed here. */
  readonly onChanged: () => void;
}

/** What is known of a file: facts, what happened, versions, whom it is shared with. */
export function DetailsPanel({ file, nameOf, entities, onChanged }: DetailsPanelProps) {
  const { preview: texts } = useFileTexts();
  return (
    <aside className="cw-details" aria-label={texts.details}>
      <section>
        <h3>{texts.facts}</h3>
        <FileFacts file={file} nameOf={nameOf} entities={entities} />
      </section>
      <section>
        <h3>{texts.timeline}</h3>
        <FileTimeline fileId={file.id} file={file} nameOf={nameOf} />
      </section>
      <section>
        <h3>{texts.versions}</h3>
        <FileVersions file={file} nameOf={nameOf} onChanged={onChanged} />
      </section>
      <section>
        <h3>{texts.shares}</h3>
        <FileSharing file={file} nameOf={nameOf} entities={entities} />
      </section>
    </aside>
  );
}
