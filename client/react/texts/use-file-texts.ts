import { useMemo } from "react";
import { useShared } from "../use-client.ts";
import { filesDe } from "./files-de.ts";
import { filesEn } from "./files-en.ts";
import type { FilesTexts } from "./files-texts.ts";
import type { Texts } from "./texts.ts";

/** All texts. Those of stored files come with their components: whoever only uploads doesn't load them. */
export type AllTexts = Texts & FilesTexts;

const LANGUAGES: Readonly<Record<string, FilesTexts>> = { en: filesEn, de: filesDe };

export function useFileTexts(): AllTexts {
  const { texts, language, changes } = useShared();
  return useMemo(() => {
    const own = LANGUAGES[language] ?? filesEn;
    return {
      ...texts,
      fileList: { ...own.fileList, ...changes.fileList },
      preview: { ...own.preview, ...changes.preview },
      share: { ...own.share, ...changes.share },
      timeline: { ...own.timeline, ...changes.timeline },
    };
  }, [texts, language, changes]);
}
