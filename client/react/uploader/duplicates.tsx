import { type MouseEvent, useId } from "react";
import { flushSync } from "react-dom";
import type { FileRecord } from "#contract/api.ts";
import type { UploadMeta } from "../../core/types.ts";
import type { Upload } from "../../core/upload.ts";
import { Icon } from "../icons/icon.tsx";
import type { UploaderTexts } from "../texts/uploader-texts.ts";
import { Button } from "../ui/button.tsx";
import type { Sentence } from "../ui/sentence.tsx";
import { useTexts } from "../use-client.ts";

/** How people and records are called, for those that are told of. */
export interface Names {
  /** By default the user's id. */
  readonly nameOf?: ((userId: string) => string) | undefined;
  /** By default the type and the id. */
  readonly nameOfEntity?: ((entityType: string, entityId: string) => string) | undefined;
  /** The address of a file's own page, where it has one. */
  readonly hrefOf?: ((file: FileRecord) => string) | undefined;
}

function sameName(userId: string): string {
  return userId;
}

function typeAndId(entityType: string, entityId: string): string {
  return `${entityType} ${entityId}`;
}

/** Which file it is that has the same bytes, and where. */
export function describeDuplicate(
  texts: UploaderTexts,
  { filename, entityType, entityId, ownerId, createdAt }: FileRecord,
  meta: UploadMeta,
  { nameOf = sameName, nameOfEntity = typeAndId }: Names,
): Sentence {
  const isElsewhere = entityType !== meta.entityType || entityId !== meta.entityId;
  const isAttached = entityType !== null && entityId !== null;
  const attachedTo = isAttached && isElsewhere ? nameOfEntity(entityType, entityId) : undefined;
  const words = { filename, attachedTo, uploadedBy: nameOf(ownerId), uploadedAt: new Date(createdAt) };
  return { tone: "warning", icon: "file", text: texts.duplicateOf(words) };
}

export interface ChoiceProps {
  readonly upload: Upload;
  /** Of the file that has the same bytes. */
  readonly href: string | undefined;
  onSkip(upload: Upload): void;
}

/** What is asked of one such file. */
export function DuplicateChoice({ upload, href, onSkip }: ChoiceProps) {
  const { uploader: texts } = useTexts();
  const { name } = upload.file;
  const onUpload = ({ currentTarget }: MouseEvent<HTMLElement>) => {
    const row = currentTarget.closest("li");
    // At once, so that the focus goes on to the button that the row keeps.
    flushSync(() => upload.resume());
    row?.querySelector<HTMLElement>(".cw-upload-actions button:last-child")?.focus();
  };
  return (
    <div className="cw-upload-choice">
      <Button aria-label={texts.actionOn(texts.uploadAnyway, name)} onClick={onUpload}>
        {texts.uploadAnyway}
      </Button>
      <Button aria-label={texts.actionOn(texts.skipDuplicate, name)} onClick={() => onSkip(upload)}>
        {texts.skipDuplicate}
      </Button>
      {href === undefined ? undefined : <a href={href}>{texts.showDuplicate}</a>}
    </div>
  );
}

export interface DuplicatesProps {
  readonly uploads: readonly Upload[];
  onSkip(): void;
  onUpload(): void;
}

/** All of them in one line, where there are several. */
export function Duplicates({ uploads, onSkip, onUpload }: DuplicatesProps) {
  const { uploader: texts } = useTexts();
  const titleId = useId();
  if (uploads.length < 2) return undefined;
  return (
    <section className="cw-notice cw-duplicates" data-tone="warning" aria-labelledby={titleId}>
      <Icon name="file" />
      <h3 id={titleId}>{texts.duplicatesTitle(uploads.length)}</h3>
      <div className="cw-duplicates-actions">
        <Button onClick={onUpload}>{texts.uploadAllAnyway}</Button>
        <Button look="accent" onClick={onSkip}>
          {texts.skipDuplicates(uploads.length)}
        </Button>
      </div>
    </section>
  );
}
