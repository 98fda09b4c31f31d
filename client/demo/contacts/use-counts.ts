import { useEffect, useState } from "react";
import { useVisitor } from "../session/visitor.ts";
import { type Contact, entityOf } from "./contacts.ts";

/** How many files each of the contacts has, by the contact's id; nothing until that is known, or where it can't be. */
export function useCounts(contacts: readonly Contact[]): ReadonlyMap<string, number> {
  const { client } = useVisitor();
  const [counts, setCounts] = useState<ReadonlyMap<string, number>>(new Map());
  useEffect(() => {
    const life = new AbortController();
    client.entities.counts(contacts.map(entityOf), { signal: life.signal }).then(
      (items) => setCounts(new Map(items.map(({ entityId, files }) => [entityId, files]))),
      // The list is whole without them.
      () => {},
    );
    return () => life.abort();
  }, [client, contacts]);
  return counts;
}
