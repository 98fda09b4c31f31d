import { useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import type { ListedEntity } from "../files/listed-entities.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Root } from "../ui/root.tsx";
import { factsOf } from "./facts.ts";

export interface FileFactsProps {
  readonly file: FileRecord;
  /** A user's name by their id. */
  readonly nameOf?: (userId: string) => string;
  /** What it may be attached to, as the host calls it. */
  readonly entities?: readonly ListedEntity[];
}

const sameName = (userId: string) => userId;
const NO_ENTITIES: readonly ListedEntity[] = [];

/** What is known of a file: of its record, and of what was seen in its bytes. */
export function FileFacts({ file, nameOf = sameName, entities = NO_ENTITIES }: FileFactsProps) {
  const texts = useFileTexts();
  const [nowMs] = useState(Date.now);
  return (
    <Root className="cw-file-facts-list" aria-label={texts.preview.facts}>
      <dl className="cw-facts">
        {factsOf(file, texts, { nameOf, nowMs, entities }).map(({ name, value }) => (
          <div key={name}>
            <dt>{texts.preview.factNames[name]}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
    </Root>
  );
}
