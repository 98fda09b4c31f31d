import { useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import type { FileVersion } from "#contract/versions.ts";
import { describeFile } from "../files/describe-file.ts";
import { saveVersion } from "../files/download.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Moment } from "../ui/moment.tsx";
import { Root } from "../ui/root.tsx";
import { SentenceLine } from "../ui/sentence.tsx";
import { useClient } from "../use-client.ts";
import { whyOf } from "../why.ts";
import { Unloaded } from "./unloaded.tsx";
import { useLoaded } from "./use-loaded.ts";

export interface FileVersionsProps {
  readonly file: FileRecord;
  /** A user's name by their id. */
  readonly nameOf?: (userId: string) => string;
  /** Whether an earlier version may be made the current one. True. */
  readonly mayChange?: boolean;
  /** Called when another version is the current one. */
  readonly onChanged?: () => void;
}

const MAX_VERSIONS = 50;
const sameName = (userId: string) => userId;

/** A file's history: each version can be downloaded, and an earlier one made current. */
export function FileVersions({ file, nameOf = sameName, mayChange = true, onChanged }: FileVersionsProps) {
  const texts = useFileTexts();
  const { versions } = useClient();
  const [trouble, setTrouble] = useState<string>();
  const { loaded, again } = useLoaded(`${file.id}/${file.version}/${file.updatedAt}`, (signal) =>
    versions.list(file.id, { limit: MAX_VERSIONS }, { signal }),
  );
  const tell = (error: unknown) => setTrouble(whyOf(error, texts));
  const restore = (version: number) => {
    setTrouble(undefined);
    versions.restore(file.id, version).then(() => {
      again();
      onChanged?.();
    }, tell);
  };
  const save = (version: number) => {
    setTrouble(undefined);
    saveVersion(versions, file, version).catch(tell);
  };
  return (
    <Root className="cw-file-versions" aria-label={texts.preview.versions}>
      {loaded.kind === "ready" ? (
        <ul className="cw-versions">
          {loaded.value.items.map((version) => (
            <VersionItem
              key={version.version}
              {...{ version, filename: file.filename, nameOf, mayChange }}
              onSave={() => save(version.version)}
              onUse={() => restore(version.version)}
            />
          ))}
        </ul>
      ) : (
        <Unloaded loaded={loaded} />
      )}
      <p className="cw-preview-trouble" role="alert">
        {trouble}
      </p>
    </Root>
  );
}

interface VersionItemProps {
  readonly version: FileVersion;
  /** The file's: a version that was uploaded by another name says so. */
  readonly filename: string;
  readonly nameOf: (userId: string) => string;
  readonly mayChange: boolean;
  readonly onSave: () => void;
  readonly onUse: () => void;
}

function VersionItem({ version, filename, nameOf, mayChange, onSave, onUse }: VersionItemProps) {
  const texts = useFileTexts();
  const { state, isCurrent, originalFilename, sizeBytes, uploadedBy, createdAt, reason, signatureName } =
    version;
  const { preview } = texts;
  const hasName = originalFilename !== filename;
  const name = preview.version(version.version);
  const isReady = state === "clean";
  return (
    <li>
      <div className="cw-version-words">
        <span className="cw-version-name">
          {name}
          {isCurrent && <span className="cw-tag">{preview.currentVersion}</span>}
        </span>
        <span className="cw-file-minor">
          {sizeBytes !== null && (
            <>
              <bdi>{texts.common.bytes(sizeBytes)}</bdi> ·{" "}
            </>
          )}
          <Moment at={createdAt} />
          {hasName && (
            <>
              {" "}
              · <bdi>{originalFilename}</bdi>
            </>
          )}
          {uploadedBy === null ? "" : ` · ${nameOf(uploadedBy)}`}
        </span>
        {!isReady && (
          <SentenceLine sentence={describeFile({ state, verdict: { signatureName, reason } }, texts)} />
        )}
      </div>
      <div className="cw-version-buttons">
        {isReady && (
          <IconButton
            icon="download"
            label={preview.downloadVersion}
            name={`${preview.downloadVersion}: ${name}`}
            onClick={onSave}
          />
        )}
        {!isCurrent && isReady && mayChange && (
          <Button aria-label={`${preview.useVersion}: ${name}`} onClick={onUse}>
            {preview.useVersion}
          </Button>
        )}
      </div>
    </li>
  );
}
