import type { FileRecord } from "#contract/api.ts";
import { type ListedEntity, seenWith } from "../files/listed-entities.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button } from "../ui/button.tsx";
import { Modal } from "../ui/modal.tsx";
import { whyOf } from "../why.ts";
import { ShareLinks } from "./share-links.tsx";
import { type Person, SharePeople } from "./share-people.tsx";
import { type SharesView, useShares } from "./use-shares.ts";

export type { Person } from "./share-people.tsx";

export interface ShareDialogProps {
  readonly file: Pick<FileRecord, "id" | "filename"> & Partial<Pick<FileRecord, "entityType" | "entityId">>;
  readonly onClose: () => void;
  /** Who can be chosen by name; without them, and for all others, user ids are typed. */
  readonly people?: readonly Person[];
  /** What it may be attached to: whose files all may read is told. */
  readonly entities?: readonly ListedEntity[];
}

const NO_ENTITIES: readonly ListedEntity[] = [];
const NOBODY: readonly Person[] = [];

/** Shares a file with people and by links, and shows with whom it is shared. */
export function ShareDialog(props: ShareDialogProps) {
  const { file, onClose, people = NOBODY, entities = NO_ENTITIES } = props;
  const { share: texts } = useFileTexts();
  return (
    <Modal title={texts.title(file.filename)} onClose={onClose}>
      <Sharing key={file.id} fileId={file.id} people={people} seenWith={seenWith(file, entities)} />
    </Modal>
  );
}

interface SharingProps {
  readonly fileId: string;
  readonly people: readonly Person[];
  readonly seenWith: string | undefined;
}

/** Of one file: nothing of it is shown under another's title. */
function Sharing({ fileId, people, seenWith: label }: SharingProps) {
  const view = useShares(fileId);
  return (
    <>
      <SharingState view={view} />
      {view.shares !== undefined && (
        <SharePeople shares={view.shares} people={people} view={view} seenWith={label} />
      )}
      {view.links !== undefined && <ShareLinks links={view.links} view={view} />}
      <p
        className="cw-share-told"
        role="status"
        data-problem={view.told?.isProblem === true ? true : undefined}
      >
        {view.told?.text}
      </p>
    </>
  );
}

function SharingState({ view }: { readonly view: SharesView }) {
  const texts = useFileTexts();
  if (view.error !== undefined) {
    return (
      <div role="alert">
        <p>{whyOf(view.error, texts)}</p>
        <Button onClick={view.again}>{texts.common.tryAgain}</Button>
      </div>
    );
  }
  if (view.shares !== undefined) return null;
  return (
    <p className="cw-file-minor" role="status">
      {texts.share.loading}
    </p>
  );
}
