import { useId } from "react";
import { Link } from "wouter";
import { FileName } from "../../react/ui/file-name.tsx";
import { SentenceLine } from "../../react/ui/sentence.tsx";
import { nameIn } from "../session/identities.ts";
import { useVisitor } from "../session/visitor.ts";
import { useTexts } from "../texts/use-texts.ts";
import { useMoments } from "./use-moments.ts";
import { type Released, useReleased } from "./use-released.ts";

/** Who has released what, and why: a scanner had blocked it. @param turn another one has it looked for anew */
export function ReleasedPanel({ turn }: { readonly turn: number }) {
  const { client } = useVisitor();
  const { quarantine: texts } = useTexts().admin;
  const released = useReleased(client, turn);
  const titleId = useId();
  if (released.length === 0) return null;
  return (
    <section className="card stack" aria-labelledby={titleId}>
      <h2 id={titleId}>{texts.releasedTitle}</h2>
      <p className="muted">{texts.releasedHint}</p>
      <ul className="rows" aria-labelledby={titleId}>
        {released.map((each) => (
          <li key={each.event.id}>
            <ReleasedRow released={each} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function ReleasedRow({ released: { event, filename } }: { readonly released: Released }) {
  const { identity } = useVisitor();
  const { quarantine: texts } = useTexts().admin;
  const momentOf = useMoments();
  const { actor, at, fileId, version, detail } = event;
  const finding = typeof detail["signatureName"] === "string" ? detail["signatureName"] : undefined;
  return (
    <article className="row">
      <div className="row-body">
        {filename === undefined ? (
          <p>{texts.releasedGone}</p>
        ) : (
          <Link href={`/files/${fileId}`} className="row-name">
            <FileName name={filename} />
          </Link>
        )}
        <SentenceLine
          sentence={{
            tone: "warning",
            icon: "warning",
            text: texts.foundBefore(finding, detail["was"] === "infected"),
          }}
        />
        <p>
          {texts.releasedBy(nameIn(identity.tenant, actor.id), momentOf(at))} <q>{detail["reason"]}</q>
        </p>
        {version !== null && version > 1 && (
          <ul className="facts">
            <li>{texts.ofVersion(version)}</li>
          </ul>
        )}
      </div>
    </article>
  );
}
