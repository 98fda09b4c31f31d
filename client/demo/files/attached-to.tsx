import { Link } from "wouter";
import type { FileRecord } from "#contract/api.ts";
import { contactsOf } from "../contacts/contacts.ts";
import { useVisitor } from "../session/visitor.ts";
import { useTexts } from "../texts/use-texts.ts";

/** The contact that a file is attached to, with the way there. */
export function AttachedTo({ file: { entityType, entityId } }: { readonly file: FileRecord }) {
  const { identity } = useVisitor();
  const { files: texts } = useTexts();
  if (entityType === null) return <p className="muted">{texts.unattached}</p>;
  const isContact = entityType === "contact";
  const contact = isContact ? contactsOf(identity.tenant).find(({ id }) => id === entityId) : undefined;
  if (contact === undefined) return <span>{`${entityType} ${entityId ?? ""}`}</span>;
  return (
    <Link href={`/contacts/${contact.id}`}>
      <bdi>{contact.name}</bdi>
    </Link>
  );
}
