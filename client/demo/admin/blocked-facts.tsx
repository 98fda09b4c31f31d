import { Link } from "wouter";
import type { BlockedVersion } from "#contract/quarantine.ts";
import { SentenceLine } from "../../react/ui/sentence.tsx";
import { contactsOf } from "../contacts/contacts.ts";
import { nameIn } from "../session/identities.ts";
import { useVisitor } from "../session/visitor.ts";
import { useTexts } from "../texts/use-texts.ts";
import { parseSignatures } from "./signatures.ts";
import { useMoments } from "./use-moments.ts";

/** Why it is blocked. */
export function BlockedFinding({ version }: { readonly version: BlockedVersion }) {
  const { quarantine: texts } = useTexts().admin;
  const isInfected = version.state === "infected";
  return (
    <>
      <SentenceLine
        sentence={{
          tone: isInfected ? "danger" : "warning",
          icon: isInfected ? "blocked" : "warning",
          text: texts.reason(version),
        }}
      />
      {version.foundLater && <p>{texts.foundLater}</p>}
    </>
  );
}

/** Since when it is blocked, whose it is, and what becomes of it. */
export function BlockedFacts({ version }: { readonly version: BlockedVersion }) {
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
