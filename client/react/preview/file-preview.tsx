import { Dialog } from "@base-ui/react/dialog";
import { type KeyboardEvent, useRef, useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import { download } from "../files/download.ts";
import type { ListedEntity } from "../files/listed-entities.ts";
import { type FileView, useFile } from "../files/use-file.ts";
import { Icon } from "../icons/icon.tsx";
import { LIST_ICONS } from "../icons/list-outlines.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { FileName } from "../ui/file-name.tsx";
import { useRootProps } from "../ui/root.tsx";
import { useClient, useShared } from "../use-client.ts";
import { whyOf } from "../why.ts";
import { DetailsPanel } from "./details-panel.tsx";
import { FileContent } from "./file-content.tsx";
import { placeAmong } from "./neighbours.ts";
import { PreviewFailure, PreviewLoading } from "./preview-notice.tsx";

export interface FilePreviewProps {
  readonly fileId: string;
  /** Those that it stands among: arrow keys go to the next and the previous one. */
  readonly files?: readonly FileRecord[];
  readonly onChange?: (fileId: string) => void;
  readonly onClose: () => void;
  readonly onShare?: (file: FileRecord) => void;
  /** Where the file has a page of its own: it is linked to. */
  readonly hrefOf?: (file: FileRecord) => string;
  /** A user's name by their id. */
  readonly nameOf?: (userId: string) => string;
  /** What it may be attached to, as the host calls it. */
  readonly entities?: readonly ListedEntity[];
  /** Whether the details are shown from the beginning. */
  readonly initialDetails?: boolean;
}

const ALONE: readonly FileRecord[] = [];
const NO_ENTITIES: readonly ListedEntity[] = [];
const sameName = (userId: string) => userId;

/** Where arrow keys are somebody else's: fields, players, tabs. */
function hasOwnArrows(target: EventTarget): boolean {
  return (
    target instanceof Element &&
    target.closest("input, select, textarea, audio, video, [role='menu']") !== null
  );
}

function isWithin(target: EventTarget | null, element: HTMLElement | null): boolean {
  return target === document.body || (target instanceof Node && element?.contains(target) === true);
}

/** Where a list of the page has a file; true is what had the focus before. */
function placeOf(fileId: string | undefined): HTMLElement | true {
  if (fileId === undefined) return true;
  return document.querySelector<HTMLElement>(`[data-file-id="${CSS.escape(fileId)}"]`) ?? true;
}

/** A file over the whole page, with those beside it and what is known of it. Escape closes it. */
export function FilePreview(props: FilePreviewProps) {
  const { fileId, files = ALONE, onChange, onClose, nameOf = sameName, entities = NO_ENTITIES } = props;
  const root = useRootProps();
  const { language } = useShared();
  const { number, previous, next } = placeAmong(files, fileId);
  const view = useFile(
    fileId,
    files.find(({ id }) => id === fileId),
  );
  const { file } = view;
  const [hasDetails, setDetails] = useState(props.initialDetails ?? false);
  const popup = useRef<HTMLDivElement>(null);
  const [first] = useState(fileId);

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (hasOwnArrows(event.target) || event.altKey || event.ctrlKey || event.metaKey) return;
    const isRightToLeft = getComputedStyle(event.currentTarget).direction === "rtl";
    const [ahead, back] = isRightToLeft ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
    if (event.key === ahead && next !== undefined) onChange?.(next);
    if (event.key === back && previous !== undefined) onChange?.(previous);
  };

  return (
    <Dialog.Root
      open
      disablePointerDismissal
      onOpenChange={(isOpen, { event, reason }) => {
        // A dialog over it, which a host opens beside it, has keys of its own.
        const isOfAnother = reason === "escape-key" && !isWithin(event.target, popup.current);
        if (!isOpen && !isOfAnother) onClose();
      }}
    >
      <Dialog.Portal>
        <div lang={language} {...root}>
          <Dialog.Backdrop className="cw-backdrop" />
          <Dialog.Popup
            ref={popup}
            className="cw-preview"
            initialFocus={popup}
            finalFocus={() => placeOf(first === fileId ? undefined : fileId)}
            onKeyDown={onKeyDown}
          >
            <PreviewHead
              {...{
                file,
                number,
                count: files.length,
                hasDetails,
                onShare: props.onShare,
                hrefOf: props.hrefOf,
              }}
              onDetails={() => setDetails(!hasDetails)}
            />
            <div className="cw-preview-body" data-details={hasDetails || undefined}>
              <div className="cw-preview-content">
                <ShownFile {...view} />
              </div>
              <Neighbours previous={previous} next={next} onChange={onChange} />
              {hasDetails && file !== undefined && (
                <DetailsPanel key={file.id} {...{ file, nameOf, entities }} onChanged={view.refresh} />
              )}
            </div>
          </Dialog.Popup>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function ShownFile({ file, error, refresh }: FileView) {
  if (file !== undefined) return <FileContent key={`${file.id}/${file.version}`} file={file} />;
  return error === undefined ? <PreviewLoading /> : <PreviewFailure error={error} onAgain={refresh} />;
}

interface NeighboursProps {
  readonly previous: string | undefined;
  readonly next: string | undefined;
  readonly onChange: FilePreviewProps["onChange"];
}

function Neighbours({ previous, next, onChange }: NeighboursProps) {
  const { preview: texts } = useFileTexts();
  return (
    <>
      {previous !== undefined && (
        <IconButton
          className="cw-preview-back"
          icon={LIST_ICONS.back}
          label={texts.previous}
          onClick={() => onChange?.(previous)}
        />
      )}
      {next !== undefined && (
        <IconButton
          className="cw-preview-forward"
          icon={LIST_ICONS.forward}
          label={texts.next}
          onClick={() => onChange?.(next)}
        />
      )}
    </>
  );
}

function PlaceInList({ number, count }: Pick<PreviewHeadProps, "number" | "count">) {
  const { preview: texts } = useFileTexts();
  if (number === undefined || count === 1) return undefined;
  return (
    <span className="cw-file-minor cw-preview-place" role="status">
      {texts.place(number, count)}
    </span>
  );
}

interface PreviewHeadProps {
  readonly file: FileRecord | undefined;
  readonly number: number | undefined;
  readonly count: number;
  readonly hasDetails: boolean;
  readonly onDetails: () => void;
  readonly onShare: FilePreviewProps["onShare"];
  readonly hrefOf: FilePreviewProps["hrefOf"];
}

function PreviewHead(props: PreviewHeadProps) {
  const { file, number, count, hasDetails, onDetails, onShare, hrefOf } = props;
  const texts = useFileTexts();
  const { signedUrls } = useClient();
  const [trouble, setTrouble] = useState<string>();
  const isReady = file?.state === "clean";
  const save = (wanted: FileRecord) => {
    setTrouble(undefined);
    download(signedUrls.createSome, [wanted]).then(
      (refused) => refused.length > 0 && setTrouble(texts.fileList.notDone("download", refused, "")),
      (error: unknown) => setTrouble(whyOf(error, texts)),
    );
  };
  return (
    <header className="cw-preview-head">
      <div className="cw-preview-naming">
        <Dialog.Title className="cw-preview-title">
          <FileName name={file?.filename ?? ""} />
        </Dialog.Title>
        <PlaceInList number={number} count={count} />
      </div>
      <span className="cw-preview-trouble" role="alert">
        {trouble}
      </span>
      {file !== undefined && isReady && (
        <Button icon="download" onClick={() => save(file)}>
          <span className="cw-preview-label">{texts.preview.download}</span>
        </Button>
      )}
      {file !== undefined && isReady && onShare !== undefined && (
        <IconButton icon={LIST_ICONS.share} label={texts.preview.share} onClick={() => onShare(file)} />
      )}
      {file !== undefined && hrefOf !== undefined && (
        <a
          className="cw-icon-button"
          href={hrefOf(file)}
          title={texts.preview.openPage}
          aria-label={texts.preview.openPage}
        >
          <Icon name={LIST_ICONS.page} />
        </a>
      )}
      <IconButton
        icon={LIST_ICONS.info}
        label={texts.preview.details}
        aria-pressed={hasDetails}
        onClick={onDetails}
      />
      <Dialog.Close render={<IconButton icon="close" label={texts.preview.close} />} />
    </header>
  );
}
