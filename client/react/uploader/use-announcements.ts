import { useEffect, useRef } from "react";
import type { Upload } from "../../core/upload.ts";
import type { FileUploaderState } from "../hooks/use-file-uploader.ts";
import type { UploaderTexts } from "../texts/uploader-texts.ts";
import type { Announcer } from "../ui/announcer.tsx";
import type { Checks } from "./checks.ts";
import { namesByRule } from "./refusals.tsx";
import { describeUpload } from "./sentences.ts";

/** More at once than this are told as a number. */
const TOLD_ONE_BY_ONE = 3;
/** No news: it is what was asked for. */
const QUIET = new Set(["waiting", "hashing"]);

function newsOf(upload: Upload, checks: Checks): string {
  const check = checks.of(upload);
  return `${upload.state.kind}${check?.kind ?? ""}`;
}

/** Tells changes of state, by sentence where many change at once. Percents and times left aren't news. */
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
  const told = useRef(new WeakMap<Upload, string>());
  useEffect(() => {
    const names = new Map<string, string[]>();
    for (const upload of uploads) {
      const news = newsOf(upload, checks);
      if (QUIET.has(upload.state.kind) || told.current.get(upload) === news) continue;
      told.current.set(upload, news);
      const { text } = describeUpload(texts, upload, checks.of(upload), 0);
      const sharing = names.get(text);
      if (sharing === undefined) names.set(text, [upload.file.name]);
      else sharing.push(upload.file.name);
    }
    for (const [sentence, files] of names) {
      if (files.length > TOLD_ONE_BY_ONE) announcer.say(texts.announceMany(files.length, sentence));
      else for (const file of files) announcer.say(texts.announce(file, sentence));
    }
  });
}
