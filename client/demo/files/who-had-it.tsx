import { useEffect, useState } from "react";
import type { Client } from "../../index.ts";
import { useMoments } from "../admin/use-moments.ts";
import { nameIn } from "../session/identities.ts";
import { useVisitor } from "../session/visitor.ts";
import { useTexts } from "../texts/use-texts.ts";
import { type Reader, readersOf } from "./readers.ts";

/** Newest events that are looked at, of each kind; the most that the API gives at once. */
const LOOKED_AT = 200;

interface Readers {
  readonly readers: readonly Reader[];
  /** Whether there are older events than were looked at. */
  readonly hasOlder: boolean;
}

async function loadReaders(client: Client, fileId: string, signal: AbortSignal): Promise<Readers> {
  const actions = ["file.read", "signed-url.created"] as const;
  const pages = await Promise.all(
    actions.map((action) => client.admin.audit.list({ fileId, action, limit: LOOKED_AT }, { signal })),
  );
  return {
    readers: readersOf(pages.flatMap(({ items }) => items)),
    hasOlder: pages.some(({ nextCursor }) => nextCursor !== null),
  };
}

/** Undefined until it is known; `failed` where it can't be. */
function useReaders(client: Client, fileId: string): Readers | "failed" | undefined {
  const [found, setFound] = useState<Readers | "failed">();
  useEffect(() => {
    const life = new AbortController();
    loadReaders(client, fileId, life.signal).then(setFound, () => {
      if (!life.signal.aborted) setFound("failed");
    });
    return () => life.abort();
  }, [client, fileId]);
  return found;
}

/** Who opened or downloaded a file, for admins: whom to tell when malware was found in it. */
export function WhoHadIt({ fileId }: { readonly fileId: string }) {
  const { client } = useVisitor();
  const { readers: texts } = useTexts();
  const found = useReaders(client, fileId);
  if (found === undefined) return null;
  if (found === "failed") return <p role="alert">{texts.failed}</p>;
  const { readers, hasOlder } = found;
  return (
    <>
      {readers.length === 0 ? (
        <p>{texts.none}</p>
      ) : (
        <ul className="readers">
          {readers.map((reader) => (
            <ReaderLine key={reader.key} reader={reader} />
          ))}
        </ul>
      )}
      {hasOlder && <p>{texts.older(LOOKED_AT)}</p>}
      <p className="muted">{texts.hint}</p>
    </>
  );
}

function ReaderLine({ reader: { who, times, lastAt } }: { readonly reader: Reader }) {
  const { identity } = useVisitor();
  const { readers: texts } = useTexts();
  const momentOf = useMoments();
  const name = who.kind === "user" ? nameIn(identity.tenant, who.id) : texts.by[who.kind];
  return (
    <li>
      <bdi>{name}</bdi> <span className="muted">{texts.times(times, momentOf(lastAt))}</span>
    </li>
  );
}
