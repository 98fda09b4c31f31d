import { useMemo } from "react";
import type { FileRecord } from "#contract/api.ts";
import { nameIn } from "../session/identities.ts";
import { useVisitor } from "../session/visitor.ts";
import { contactsOf, entityOf } from "./contacts.ts";

interface Names {
  nameOf(userId: string): string;
  nameOfEntity(entityType: string, entityId: string): string;
  hrefOf(file: FileRecord): string;
}

/** The names that the tenant's CRM has for its users and contacts; what isn't known is named by its id. */
export function useNames(): Names {
  const { tenant } = useVisitor().identity;
  return useMemo(
    () => ({
      hrefOf: ({ id }) => `#/files/${id}`,
      nameOf: (userId) => nameIn(tenant, userId),
      nameOfEntity(type, id) {
        const contact = contactsOf(tenant).find(
          (each) => each.id === id && entityOf(each).entityType === type,
        );
        return contact?.name ?? `${type} ${id}`;
      },
    }),
    [tenant],
  );
}
