import { useEffect, useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import type { AuditRecord } from "#contract/audit.ts";
import type { Client } from "../../index.ts";
import { useMoments } from "../admin/use-moments.ts";
import { nameIn } from "../session/identities.ts";
import { useVisitor } from "../session/visitor.ts";
import { useTexts } from "../texts/use-texts.ts";

interface Release {
  readonly event: AuditRecord;
  /** When its check or a later one had blocked it; undefined where the trail doesn't tell. */
  readonly blockedAt: string | undefined;
}

async function findRelease(
  client: Client,
  fileId: string,
  version: number,
  signal: AbortSignal,
): Promise<Release | undefined> {
  const actions = ["version.released", "file.checked", "file.found-later"] as const;
  const pages = await Promise.all(
    actions.map((action) => client.admin.audit.list({ fileId, action }, { signal })),
  );
  const [event, ...others] = pages
    .flatMap(({ items }) => items)
    .filter((each) => each.version === version)
    .toSorted((one, other) => other.id.localeCompare(one.id));
  if (event?.action !== "version.released") return undefined;
  const blocked = others.find(({ detail }) => "verdict" in detail && detail["verdict"] !== "clean");
  return { event, blockedAt: blocked?.at };
}

/** Of a file that an admin released against its check: when it had been blocked and why, who did, and why. Told to admins. */
export function ReleaseNote({ file: { id, version, verdict } }: { readonly file: FileRecord }) {
  const { identity, client } = useVisitor();
  const { files: texts } = useTexts();
  const momentOf = useMoments();
  const [release, setRelease] = useState<Release>();
  const isAsked = verdict?.engine === "person" && identity.role === "admin";
  useEffect(() => {
    if (!isAsked) return undefined;
    const life = new AbortController();
    findRelease(client, id, version, life.signal).then(
      (found) => {
        if (!life.signal.aborted) setRelease(found);
      },
      // The timeline says that it was released.
      () => undefined,
    );
    return () => life.abort();
  }, [client, id, version, isAsked]);
  if (!isAsked || release === undefined) return null;
  const { event, blockedAt } = release;
  const { signatureName, reason } = event.detail;
  const name = nameIn(identity.tenant, event.actor.id);
  const finding = typeof signatureName === "string" ? signatureName : undefined;
  const found =
    blockedAt === undefined ? texts.found(finding) : texts.blockedAt(momentOf(blockedAt), finding);
  return <p className="file-release">{`${found} ${texts.releasedBy(name, String(reason))}`.trimStart()}</p>;
}
