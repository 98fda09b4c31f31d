import { useMemo } from "react";
import type { ListedEntity } from "../../react/index.ts";
import { contactsOf, entityOf } from "../contacts/contacts.ts";
import { useVisitor } from "../session/visitor.ts";

/** The tenant's contacts, as what files are attached to. Its settings say nothing of who may read them: all members. */
export function useEntities(): readonly ListedEntity[] {
  const { identity } = useVisitor();
  return useMemo(
    () =>
      contactsOf(identity.tenant).map((contact) => ({
        ...entityOf(contact),
        label: contact.name,
        isReadByAll: true,
      })),
    [identity],
  );
}
