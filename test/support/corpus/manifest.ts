/** The corpus: every odd file that there is, and how each ends. */
import { ARCHIVES } from "./archives.ts";
import { DOCUMENTS } from "./documents.ts";
import { MALWARE } from "./malware.ts";
import { MEDIA } from "./media.ts";
import { PICTURES } from "./pictures.ts";
import type { CorpusFile } from "./row.ts";
import { NAMES_OF_FILES, TEXTS } from "./texts.ts";

const ALL: readonly CorpusFile[] = [
  ...DOCUMENTS,
  ...PICTURES,
  ...MEDIA,
  ...TEXTS,
  ...NAMES_OF_FILES,
  ...ARCHIVES,
  ...MALWARE,
];

/** All of it, or what `npm test` runs. */
export function corpus(isWhole: boolean): readonly CorpusFile[] {
  return isWhole ? ALL : ALL.filter(({ isUsual, ends }) => isUsual ?? ends.state !== "clean");
}
