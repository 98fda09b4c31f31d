import { useCallback, useEffect, useState } from "react";
import { useVisitor } from "../session/visitor.ts";
import { type Contact, entityOf } from "./contacts.ts";

export interface Counts {
  /** How many files each of the contacts has, by the contact's id; nothing until it is first known. */
  readonly files: ReadonlyMap<string, number>;
  /** Whether they couldn't be had now. */
  readonly isMissing: boolean;
  readonly retry: () => void;
}

/** As they were last heard, by the client that asked: a visit without a connection has those of the one before. */
const heard = new WeakMap<object, ReadonlyMap<string, number>>();

/** How many files each of the contacts has. */
export function useCounts(contacts: readonly Contact[]): Counts {
  const { client } = useVisitor();
  const [files, setFiles] = useState<ReadonlyMap<string, number>>(() => heard.get(client) ?? new Map());
  const [isMissing, setMissing] = useState(() => !navigator.onLine);
  const [turn, setTurn] = useState(0);
  const retry = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => {
    const life = new AbortController();
    client.entities.counts(contacts.map(entityOf), { signal: life.signal }).then(
      (items) => {
        const counted = new Map(items.map((each) => [each.entityId, each.files]));
        heard.set(client, counted);
        setFiles(counted);
        setMissing(false);
      },
      () => {
        if (!life.signal.aborted) setMissing(true);
      },
    );
    addEventListener("online", retry, { signal: life.signal });
    addEventListener("offline", () => setMissing(true), { signal: life.signal });
    return () => life.abort();
  }, [client, contacts, turn, retry]);
  return { files, isMissing, retry };
}
