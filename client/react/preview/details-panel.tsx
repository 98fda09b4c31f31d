import { useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import type { FileVersion } from "#contract/versions.ts";
import { describeFile } from "../files/describe-file.ts";
import { FileTimeline } from "../timeline/file-timeline.tsx";
import { Button } from "../ui/button.tsx";
import { Moment } from "../ui/moment.tsx";
import { SentenceLine } from "../ui/sentence.tsx";
import { useClient, useTexts } from "../use-client.ts";
import { whyOf } from "../why.ts";
import { factsOf } from "./facts.ts";
import { type Loaded, useLoaded } from "./use-loaded.ts";

export interface DetailsPanelProps {
  readonly file: FileRecord;
  readonly nameOf: (userId: string) => string;
  /** Called when the file was changed here. */
  readonly onChanged: () => void;
}

const MAX_VERSIONS = 50;

/** What is known of a file: facts, what happened, versions, whom it is shared with. */
export function DetailsPanel(props: DetailsPanelProps) {
  const texts = useTexts();
  const { file, nameOf } = props;
  const [nowMs] = useState(Date.now);
  return (
    <aside className="cw-details" aria-label={texts.preview.details}>
      <section>
        <h3>{texts.preview.facts}</h3>
        <dl className="cw-facts">
          {factsOf(file, texts, nameOf, nowMs).map(({ name, value }) => (
            <div key={name}>
              <dt>{texts.preview.factNames[name]}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <h3>{texts.preview.timeline}</h3>
        <FileTimeline fileId={file.id} file={file} nameOf={nameOf} />
      </section>
      <Versions {...props} />
      <SharedWith {...props} />
    </aside>
  );
}

/** While it is asked for, or why it can't be seen: a share shows a file as it is, not what it was. */
function Unloaded({ loaded }: { readonly loaded: Loaded<unknown> }) {
  const texts = useTexts();
  return (
    <p className="cw-file-minor" role="status">
      {loaded.kind === "failed" ? whyOf(loaded.error, texts) : texts.preview.loadingDetails}
    </p>
  );
}

function Versions({ file, nameOf, onChanged }: DetailsPanelProps) {
  const texts = useTexts();
  const { versions } = useClient();
  const [trouble, setTrouble] = useState<string>();
  const { loaded, again } = useLoaded(`${file.id}/${file.version}/${file.state}`, (signal) =>
    versions.list(file.id, { limit: MAX_VERSIONS }, { signal }),
  );
  const restore = (version: number) => {
    setTrouble(undefined);
    versions.restore(file.id, version).then(
      () => {
        again();
        onChanged();
      },
      (error: unknown) => setTrouble(whyOf(error, texts)),
    );
  };
  return (
    <section>
      <h3>{texts.preview.versions}</h3>
      {loaded.kind === "ready" ? (
        <ul className="cw-versions">
          {loaded.value.items.map((version) => (
            <VersionItem
              key={version.version}
              {...{ version, nameOf }}
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
    </section>
  );
}

interface VersionItemProps {
  readonly version: FileVersion;
  readonly nameOf: (userId: string) => string;
  readonly onUse: () => void;
}

function VersionItem({ version, nameOf, onUse }: VersionItemProps) {
  const texts = useTexts();
  const { state, isCurrent, sizeBytes, uploadedBy, createdAt, reason, signatureName } = version;
  const size = sizeBytes === null ? "" : `${texts.common.bytes(sizeBytes)} · `;
  const sentence = describeFile({ state, verdict: { signatureName, reason } }, texts);
  return (
    <li>
      <div className="cw-version-words">
        <span className="cw-version-name">
          {texts.preview.version(version.version)}
          {isCurrent && <span className="cw-tag">{texts.preview.currentVersion}</span>}
        </span>
        <span className="cw-file-minor">
          {size}
          <Moment at={createdAt} />
          {uploadedBy === null ? "" : ` · ${nameOf(uploadedBy)}`}
        </span>
        {state !== "clean" && <SentenceLine sentence={sentence} />}
      </div>
      {!isCurrent && state === "clean" && (
        <Button
          aria-label={`${texts.preview.useVersion}: ${texts.preview.version(version.version)}`}
          onClick={onUse}
        >
          {texts.preview.useVersion}
        </Button>
      )}
    </li>
  );
}

function SharedWith({ file, nameOf }: DetailsPanelProps) {
  const texts = useTexts();
  const { shares } = useClient();
  const { loaded } = useLoaded(file.id, (signal) => shares.list(file.id, { signal }));
  if (loaded.kind !== "ready") {
    return (
      <section>
        <h3>{texts.preview.shares}</h3>
        <Unloaded loaded={loaded} />
      </section>
    );
  }
  const { items } = loaded.value;
  return (
    <section>
      <h3>{texts.preview.shares}</h3>
      {items.length === 0 && <p className="cw-file-minor">{texts.share.notShared}</p>}
      <ul className="cw-shared-with">
        {items.map(({ userId, permission }) => (
          <li key={userId}>
            {nameOf(userId)} <span className="cw-file-minor">{texts.share.permissions[permission]}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
