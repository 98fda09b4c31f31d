import { Link } from "wouter";
import type { BlockedVersion } from "#contract/quarantine.ts";
import { Button } from "../../react/ui/button.tsx";
import { FileName } from "../../react/ui/file-name.tsx";
import { SentenceLine } from "../../react/ui/sentence.tsx";
import { contactsOf } from "../contacts/contacts.ts";
import { nameIn } from "../session/identities.ts";
import { useVisitor } from "../session/visitor.ts";
import { useTexts } from "../texts/use-texts.ts";
import { parseSignatures } from "./signatures.ts";
import { useMoments } from "./use-moments.ts";

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
  const { state, fileId, filename } = version;
  const isInfected = state === "infected";
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
        <SentenceLine
          sentence={{
            tone: isInfected ? "danger" : "warning",
            icon: isInfected ? "blocked" : "warning",
            text: texts.reason(version),
          }}
        />
        {version.foundLater && <p>{texts.foundLater}</p>}
        <Facts version={version} />
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

function Facts({ version }: { readonly version: BlockedVersion }) {
  const { identity } = useVisitor();
  const { quarantine: texts } = useTexts().admin;
  const momentOf = useMoments();
  const { uploadedBy, ownerId, engine, purgeAt } = version;
  return (
    <ul className="facts">
      <li>{texts.found(momentOf(version.blockedAt))}</li>
      <li>{texts.uploadedBy(nameIn(identity.tenant, uploadedBy ?? ownerId))}</li>
      <li>
        <AttachedTo version={version} />
      </li>
      {!version.isCurrent && <li>{texts.notCurrent(version.version)}</li>}
      {engine !== null && <li>{texts.checkedBy(engine, parseSignatures(version.signatureVersion))}</li>}
      {purgeAt !== null && <li>{texts.purges(momentOf(purgeAt))}</li>}
    </ul>
  );
}

function AttachedTo({ version: { entityType, entityId } }: { readonly version: BlockedVersion }) {
  const { identity } = useVisitor();
  const { quarantine: texts } = useTexts().admin;
  if (entityType === null || entityId === null) return texts.notAttached;
  const contact = contactsOf(identity.tenant).find(({ id }) => entityType === "contact" && id === entityId);
  return (
    <>
      {texts.attachedTo}{" "}
      {contact === undefined ? (
        <bdi>{`${entityType} ${entityId}`}</bdi>
      ) : (
        <Link href={`/contacts/${contact.id}`}>
          <bdi>{contact.name}</bdi>
        </Link>
      )}
    </>
  );
}
