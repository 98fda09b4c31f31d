import { useEffect, useRef } from "react";
import type { Upload } from "../../core/upload.ts";
import type { FileUploaderState } from "../hooks/use-file-uploader.ts";
import type { UploaderTexts } from "../texts/uploader-texts.ts";
import type { Announcer } from "../ui/announcer.tsx";
import type { Checks } from "./checks.ts";
import { namesByRule } from "./refusals.tsx";
import { describeUpload } from "./sentences.ts";
import { hasArrived, isOver, isRunning, needsAttention, outcomesOf } from "./summary.ts";

/** More at once than this are told as a number. */
const TOLD_ONE_BY_ONE = 3;
/** Beside what somebody has to see to: what keeps an upload from going on. */
const TROUBLES: ReadonlySet<Upload["state"]["kind"]> = new Set(["offline", "retrying", "elsewhere"]);

function newsOf(upload: Upload, checks: Checks): string {
  const check = checks.of(upload);
  return `${upload.state.kind}${check?.kind ?? ""}`;
}

/** What was told of uploads so far. */
class Told {
  readonly #troubles = new WeakMap<Upload, string>();
  readonly #ended = new WeakSet<Upload>();
  /** Ended since it was last told how many have. */
  #fresh = new Set<Upload>();

  /** Whether it is a trouble, and news. */
  isTrouble(upload: Upload, checks: Checks): boolean {
    if (!TROUBLES.has(upload.state.kind) && !needsAttention(upload, checks)) return false;
    const news = newsOf(upload, checks);
    if (this.#troubles.get(upload) === news) return false;
    this.#troubles.set(upload, news);
    return true;
  }

  end(upload: Upload): void {
    if (this.#ended.has(upload)) return;
    this.#ended.add(upload);
    this.#fresh.add(upload);
  }

  /** Those that have ended since it was last asked. */
  takeEnded(): readonly Upload[] {
    const ended = [...this.#fresh];
    this.#fresh = new Set();
    return ended;
  }

  /** Whether how it stands was told as a trouble. */
  isTold(upload: Upload, checks: Checks): boolean {
    return this.#troubles.get(upload) === newsOf(upload, checks);
  }
}

function sayTroubles(
  announcer: Announcer,
  texts: UploaderTexts,
  troubles: readonly Upload[],
  checks: Checks,
): void {
  const names = new Map<string, string[]>();
  for (const upload of troubles) {
    const { text } = describeUpload(texts, upload, checks.of(upload), 0);
    const sharing = names.get(text);
    if (sharing === undefined) names.set(text, [upload.file.name]);
    else sharing.push(upload.file.name);
  }
  for (const [sentence, files] of names) {
    if (files.length > TOLD_ONE_BY_ONE) announcer.say(texts.announceMany(files.length, sentence));
    else for (const file of files) announcer.say(texts.announce(file, sentence));
  }
}

function sayEnd(announcer: Announcer, texts: UploaderTexts, ended: readonly Upload[], checks: Checks): void {
  const [only] = ended;
  if (only === undefined) return;
  if (ended.length > 1) return announcer.say(texts.outcome(outcomesOf(ended, checks)));
  announcer.say(texts.announce(only.file.name, describeUpload(texts, only, checks.of(only), 0).text));
}

/**
 * Tells troubles when they come, by sentence where many come at once, and how all have ended when nothing is on its way any
 * more. Percents, times left and what goes as it should aren't news.
 */
export function useAnnouncements(
  announcer: Announcer,
  texts: UploaderTexts,
  { uploads, checks, intake }: FileUploaderState,
): void {
  const { refusals } = intake;
  useEffect(() => {
    if (refusals.length === 0 || intake.seen !== undefined) return;
    const rules = namesByRule(texts, refusals).keys();
    announcer.say([texts.refusalsTitle(refusals.length), ...rules].join(". "));
  }, [announcer, texts, refusals, intake.seen]);
  const told = useRef<Told>(undefined);
  useEffect(() => {
    const isFirst = told.current === undefined;
    const known = (told.current ??= new Told());
    const troubles: Upload[] = [];
    let isBusy = false;
    for (const upload of uploads) {
      if (known.isTrouble(upload, checks)) troubles.push(upload);
      if (isOver(upload, checks)) known.end(upload);
      else isBusy ||= isRunning(upload) || hasArrived(upload);
    }
    // What had ended before the component was there is no news.
    if (isFirst) known.takeEnded();
    sayTroubles(announcer, texts, troubles, checks);
    if (isBusy || intake.seen !== undefined) return;
    const ended = known.takeEnded();
    if (!ended.every((upload) => known.isTold(upload, checks))) sayEnd(announcer, texts, ended, checks);
  });
}
