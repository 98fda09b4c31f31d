import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import type { UnfinishedUpload, Upload } from "../../index.ts";
import { useClient, useTexts as useComponentTexts, useUploads } from "../../react/index.ts";
import { contactsOf } from "../contacts/contacts.ts";
import { useVisitor } from "../session/visitor.ts";
import { useTexts } from "../texts/use-texts.ts";
import { byPlace, placeOf } from "./upload-place.ts";

/** Places that are named; who has more finds the others from there. */
const SHOWN_PLACES = 3;
const UNDER_WAY = new Set(["waiting", "hashing", "uploading", "offline", "retrying"]);
const CUT_OFF = new Set(["offline", "retrying"]);

/**
 * Uploads go on whatever page is open, and those of earlier visits wait: where they are, how far, and a question of the
 * browser's before the tab is closed. The page that they belong to says it itself.
 */
export function RunningUploads() {
  const [here] = useLocation();
  const underWay = useUploads().filter(({ state }) => UNDER_WAY.has(state.kind));
  const previous = usePrevious(here);
  useLeaveQuestion(underWay.length > 0);
  const running = underWay.filter(({ meta }) => placeOf(meta) !== here);
  const unfinished = byPlace(previous.filter((each) => placeOf(each) !== here));
  if (running.length === 0 && unfinished.size === 0) return null;
  return (
    <aside className="running-uploads">
      {running.length > 0 && <Running uploads={running} />}
      {[...unfinished].slice(0, SHOWN_PLACES).map(([place, uploads]) => (
        <Unfinished key={place} place={place} uploads={uploads} />
      ))}
    </aside>
  );
}

function Running({ uploads }: { readonly uploads: readonly Upload[] }) {
  const { uploads: texts } = useTexts();
  const { common } = useComponentTexts();
  const [first] = uploads;
  const words = uploads.every(({ state }) => CUT_OFF.has(state.kind))
    ? texts.waiting(uploads.length)
    : texts.running(uploads.length);
  const totalBytes = uploads.reduce((sum, { progress }) => sum + progress.totalBytes, 0);
  const sentBytes = uploads.reduce((sum, { progress }) => sum + progress.sentBytes, 0);
  const portion = totalBytes === 0 ? 0 : sentBytes / totalBytes;
  return (
    <p>
      <Link href={placeOf(first?.meta ?? {})}>{words}</Link>
      <progress value={portion} aria-label={words} />
      <span className="muted">{common.percent(portion)}</span>
    </p>
  );
}

function Unfinished({
  place,
  uploads,
}: {
  readonly place: string;
  readonly uploads: readonly UnfinishedUpload[];
}) {
  const { uploads: texts } = useTexts();
  const { identity } = useVisitor();
  const contact = contactsOf(identity.tenant).find(({ id }) => place === `/contacts/${id}`);
  return (
    <p>
      <Link href={place}>{texts.unfinished(uploads.length, contact?.name)}</Link>
    </p>
  );
}

/** Uploads of earlier visits, looked for anew on each page and when one is begun. */
function usePrevious(here: string): readonly UnfinishedUpload[] {
  const { uploads: uploader } = useClient();
  const [previous, setPrevious] = useState<readonly UnfinishedUpload[]>([]);
  const listed = useUploads().length;
  useEffect(() => {
    let isCurrent = true;
    uploader.findPrevious().then(
      (found) => isCurrent && setPrevious(found),
      () => {
        // Without storage there is nothing of an earlier visit.
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [uploader, here, listed]);
  return previous;
}

function useLeaveQuestion(isAsked: boolean): void {
  useEffect(() => {
    if (!isAsked) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isAsked]);
}
