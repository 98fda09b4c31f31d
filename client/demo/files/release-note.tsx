import { useEffect, useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import type { AuditRecord } from "#contract/audit.ts";
import { nameIn } from "../session/identities.ts";
import { useVisitor } from "../session/visitor.ts";
import { useTexts } from "../texts/use-texts.ts";

/** Of a file that an admin released against its check: who did, why, and what had been found. Told to admins. */
export function ReleaseNote({ file: { id, version, verdict } }: { readonly file: FileRecord }) {
  const { identity, client } = useVisitor();
  const { files: texts } = useTexts();
  const [release, setRelease] = useState<AuditRecord>();
  const isAsked = verdict?.engine === "person" && identity.role === "admin";
  useEffect(() => {
    if (!isAsked) return undefined;
    const life = new AbortController();
    client.admin.audit.list({ fileId: id, action: "version.released" }, { signal: life.signal }).then(
      ({ items }) => {
        if (!life.signal.aborted) setRelease(items.find((each) => each.version === version));
      },
      // The timeline says that it was released.
      () => undefined,
    );
    return () => life.abort();
  }, [client, id, version, isAsked]);
  if (!isAsked || release === undefined) return null;
  const { signatureName, reason } = release.detail;
  const name = nameIn(identity.tenant, release.actor.id);
  const found = typeof signatureName === "string" ? texts.found(signatureName) : "";
  return <p className="file-release">{`${found} ${texts.releasedBy(name, String(reason))}`.trimStart()}</p>;
}
