import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import type { UnfinishedUpload, Upload, UploadMeta } from "../../index.ts";
import { useClient, useTexts as useComponentTexts, useUploads } from "../../react/index.ts";
import { contactsOf } from "../contacts/contacts.ts";
import { useVisitor } from "../session/visitor.ts";
import { useTexts } from "../texts/use-texts.ts";
import { byPlace, type Placed, placeOf } from "./upload-place.ts";

/** Places that are named; who has more finds the others from there. */
const SHOWN_PLACES = 3;
const UNDER_WAY = new Set(["waiting", "hashing", "uploading", "offline", "retrying"]);
const STOPPED = new Set(["failed", "refused"]);
const CUT_OFF = new Set(["offline", "retrying"]);

/**
 * Uploads go on whatever page is open, or have stopped, and those of earlier visits wait: where they are, how far, and a
 * question of the browser's before the tab is closed. The page that they belong to says it itself.
 */
export function RunningUploads() {
  const [here] = useLocation();
  const { uploads: texts } = useTexts();
  const uploads = useUploads();
  const underWay = uploads.filter(({ state }) => UNDER_WAY.has(state.kind));
  const previous = usePrevious(here);
  useLeaveQuestion(underWay.length > 0);
  const running = underWay.filter(({ meta }) => placeOf(meta) !== here);
  const stopped = uploads.filter(({ state, meta }) => STOPPED.has(state.kind) && placeOf(meta) !== here);
  const unfinished = previous.filter((each) => placeOf(each) !== here);
  if (running.length + stopped.length + unfinished.length === 0) return null;
  return (
    <aside className="running-uploads">
      {running.length > 0 && <Running uploads={running} />}
      <Places uploads={stopped.map(({ meta }) => meta)} wordsOf={texts.stopped} isProblem />
      <Places uploads={unfinished} wordsOf={texts.unfinished} />
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

interface PlacesProps {
  readonly uploads: readonly (Placed | UploadMeta)[];
  /** @param at the contact's name that they belong to */
  readonly wordsOf: (files: number, at: string | undefined) => string;
  readonly isProblem?: boolean;
}

/** The way to each place that some belong to. */
function Places({ uploads, wordsOf, isProblem }: PlacesProps) {
  const { identity } = useVisitor();
  const nameOf = (place: string) =>
    contactsOf(identity.tenant).find(({ id }) => place === `/contacts/${id}`)?.name;
  return [...byPlace(uploads)].slice(0, SHOWN_PLACES).map(([place, its]) => (
    <p key={place} data-problem={isProblem}>
      <Link href={place}>{wordsOf(its.length, nameOf(place))}</Link>
    </p>
  ));
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
