import type { FileRecord } from "#contract/api.ts";
import { type ListedEntity, seenWith } from "../files/listed-entities.ts";
import { SeenBy } from "../share/seen-by.tsx";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Root } from "../ui/root.tsx";
import { useClient } from "../use-client.ts";
import { Unloaded } from "./unloaded.tsx";
import { useLoaded } from "./use-loaded.ts";

export interface FileSharingProps {
  readonly file: FileRecord;
  /** A user's name by their id. */
  readonly nameOf?: (userId: string) => string;
  /** What it may be attached to: whose files all may read is told. */
  readonly entities?: readonly ListedEntity[];
}

const NO_ENTITIES: readonly ListedEntity[] = [];

const sameName = (userId: string) => userId;

/** Whom a file is shared with, and how many links to it work; changed in a `ShareDialog`. */
export function FileSharing({ file, nameOf = sameName, entities = NO_ENTITIES }: FileSharingProps) {
  const texts = useFileTexts();
  const { shares, shareLinks } = useClient();
  const { loaded } = useLoaded(file.id, (signal) =>
    Promise.all([shares.list(file.id, { signal }), shareLinks.list(file.id, { signal })]),
  );
  if (loaded.kind !== "ready") return <Unloaded loaded={loaded} />;
  const [{ items }, links] = loaded.value;
  const working = links.items.filter(({ state }) => state === "active").length;
  return (
    <Root className="cw-file-sharing" aria-label={texts.preview.shares}>
      <SeenBy seenWith={seenWith(file, entities)} isShared={items.length > 0} />
      <ul className="cw-shared-with">
        {items.map(({ userId, permission }) => (
          <li key={userId}>
            {nameOf(userId)} <span className="cw-file-minor">{texts.share.permissions[permission]}</span>
          </li>
        ))}
      </ul>
      <p className="cw-file-minor">{working === 0 ? texts.share.noLinks : texts.share.linksWork(working)}</p>
    </Root>
  );
}
