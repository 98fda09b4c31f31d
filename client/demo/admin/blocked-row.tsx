import { Link } from "wouter";
import type { BlockedVersion } from "#contract/quarantine.ts";
import { Button } from "../../react/ui/button.tsx";
import { FileName } from "../../react/ui/file-name.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { BlockedFacts, BlockedFinding } from "./blocked-facts.tsx";

export type BlockedAction = "release" | "delete";

interface BlockedRowProps {
  readonly version: BlockedVersion;
  /** Undefined where there is nothing to choose from. */
  readonly isChosen: boolean | undefined;
  readonly onChoose: () => void;
  readonly onAction: (action: BlockedAction, version: BlockedVersion) => void;
}

/** What is known of a blocked version, and what can be done about it. */
export function BlockedRow({ version, isChosen, onChoose, onAction }: BlockedRowProps) {
  const { admin } = useTexts();
  const { quarantine: texts } = admin;
  const { fileId, filename } = version;
  return (
    <article className="row">
      {isChosen !== undefined && (
        <label className="row-check">
          <input type="checkbox" checked={isChosen} aria-label={texts.select(filename)} onChange={onChoose} />
        </label>
      )}
      <div className="row-body">
        <Link href={`/files/${fileId}`} className="row-name">
          <FileName name={filename} />
        </Link>
        <BlockedFinding version={version} />
        <BlockedFacts version={version} />
      </div>
      <div className="row-actions">
        <Button
          aria-label={texts.actionOn(texts.release, filename)}
          onClick={() => onAction("release", version)}
        >
          {texts.release}
        </Button>
        <Button
          icon="trash"
          aria-label={texts.actionOn(texts.delete, filename)}
          onClick={() => onAction("delete", version)}
        >
          {texts.delete}
        </Button>
      </div>
    </article>
  );
}
