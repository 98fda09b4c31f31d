import { type ReactNode, useCallback, useMemo, useState } from "react";
import { Link, useLocation } from "wouter";
import type { FileRecord } from "#contract/api.ts";
import {
  FileFacts,
  FileSharing,
  FileStatus,
  FileTimeline,
  FileToolbar,
  FileUploader,
  FileVersions,
  FileViewer,
  ShareDialog,
  UploadErrorBoundary,
  useTexts as useComponentTexts,
} from "../../react/index.ts";
import { colleaguesOf, nameIn } from "../session/identities.ts";
import { useVisitor } from "../session/visitor.ts";
import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { AttachedTo } from "./attached-to.tsx";
import { MAKE_ROOM } from "./make-room.ts";
import { mayChange } from "./may-change.ts";
import { ReleaseNote } from "./release-note.tsx";
import { useEntities } from "./use-entities.ts";
import { WhoHadIt } from "./who-had-it.tsx";

interface FileSheetProps {
  readonly file: FileRecord;
  readonly onChanged: () => void;
}

/** All of a file on one page: how it stands, what it looks like, what happened to it, and what can be done with it. */
export function FileSheet({ file, onChanged }: FileSheetProps) {
  const { identity } = useVisitor();
  const { files: texts, readers } = useTexts();
  const [, navigate] = useLocation();
  const [isSharing, setSharing] = useState(false);
  // Grows with what the record doesn't tell: who it is shared with, and versions on their way.
  const [turn, setTurn] = useState(0);
  const entities = useEntities();
  const mine = mayChange(identity, file);
  const nameOf = useCallback((userId: string) => nameIn(identity.tenant, userId), [identity]);
  const again = () => {
    setTurn((before) => before + 1);
    onChanged();
  };
  const leave = useCallback(() => navigate("/trash"), [navigate]);
  return (
    <Page
      title={<bdi>{file.filename}</bdi>}
      name={file.filename}
      note={<Note file={file} nameOf={nameOf} />}
      above={<Above file={file} />}
    >
      <div className="file-columns">
        <div className="file-main">
          <FileToolbar
            file={file}
            mayChange={mine}
            entities={entities}
            onShare={() => setSharing(true)}
            onChanged={onChanged}
            onGone={leave}
          />
          <FileViewer file={file} />
        </div>
        <div className="file-side">
          <Card title={texts.attachedTo}>
            <AttachedTo file={file} />
          </Card>
          <Card title={texts.timeline}>
            <FileTimeline fileId={file.id} file={file} nameOf={nameOf} />
            <ReleaseNote file={file} />
          </Card>
          <Card title={texts.details}>
            <FileFacts file={file} nameOf={nameOf} entities={entities} />
          </Card>
          {mine && (
            <Card title={texts.versions}>
              <FileVersions
                key={turn}
                file={file}
                nameOf={nameOf}
                mayChange={file.state !== "deleted"}
                onChanged={onChanged}
              />
              {file.state !== "deleted" && <NewVersion file={file} onChanged={again} />}
            </Card>
          )}
          {identity.role === "admin" && (
            <Card title={readers.title}>
              <WhoHadIt fileId={file.id} />
            </Card>
          )}
          {mine && (
            <Card title={texts.sharing}>
              <FileSharing key={turn} file={file} nameOf={nameOf} entities={entities} />
            </Card>
          )}
        </div>
      </div>
      {isSharing && (
        <ShareDialog
          file={file}
          people={colleaguesOf(identity)}
          entities={entities}
          onClose={() => {
            setSharing(false);
            setTurn(turn + 1);
          }}
        />
      )}
    </Page>
  );
}

/** Back to all files, and to those of the contact that it is attached to. */
function Above({ file }: { readonly file: FileRecord }) {
  const { files: texts } = useTexts();
  return (
    <span className="file-above">
      <Link href="/files">{texts.back}</Link>
      {file.entityType !== null && <AttachedTo file={file} />}
    </span>
  );
}

function Note({ file, nameOf }: { readonly file: FileRecord; readonly nameOf: (userId: string) => string }) {
  const { files: texts } = useTexts();
  const { common } = useComponentTexts();
  const [nowMs] = useState(Date.now);
  const size = file.sizeBytes === null ? "" : `${common.bytes(file.sizeBytes)}, `;
  const when = common.moment(new Date(file.createdAt), nowMs);
  const changed = common.moment(new Date(file.updatedAt), nowMs);
  const isFirst = file.version === 1;
  const words = texts.uploaded(isFirst ? size : "", nameOf(file.ownerId), when);
  return (
    <span className="file-note">
      <FileStatus file={file} />
      <bdi>{isFirst ? words : texts.versionOf(size, file.version, changed, words)}</bdi>
    </span>
  );
}

/** What is in it is a region by itself, with the same name. */
function Card({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="card file-card">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

function NewVersion({ file: { id }, onChanged }: FileSheetProps) {
  const { files: texts } = useTexts();
  const meta = useMemo(() => ({ replaces: id }), [id]);
  return (
    <UploadErrorBoundary>
      <FileUploader
        compact
        folders={false}
        wholePage={false}
        cleanUpHref={MAKE_ROOM}
        heading={texts.newVersion}
        meta={meta}
        onUploaded={onChanged}
        onSettled={onChanged}
      />
    </UploadErrorBoundary>
  );
}
