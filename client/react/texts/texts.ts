import type { Problem } from "#contract/errors.ts";
import type { FilesTexts } from "./files-texts.ts";
import type { UploaderTexts } from "./uploader-texts.ts";

/** What every component says. */
export interface CommonTexts {
  bytes(bytes: number): string;
  /** @param portion 0 to 1 */
  percent(portion: number): string;
  /** Today's time, or the day. */
  moment(date: Date, nowMs: number): string;
  /** What went wrong, as a sentence: by its code where the language knows it, else as the server put it. */
  problem(problem: Problem): string;
  readonly tryAgain: string;
  readonly dismiss: string;
  readonly close: string;
}

export interface QuotaTexts {
  readonly title: string;
  used(usedBytes: number, quotaBytes: number): string;
  left(availableBytes: number): string;
  readonly files: string;
  readonly versions: string;
  readonly trash: string;
  readonly uploads: string;
  readonly nearlyFull: string;
  readonly full: string;
  readonly cleanUp: string;
  emptyTrash(trashBytes: number): string;
  readonly loading: string;
  readonly unknown: string;
}

export interface BoundaryTexts {
  readonly title: string;
  /** @param running uploads that go on meanwhile */
  safe(running: number): string;
  readonly reload: string;
}

/** Every text of the components, by what shows it. A component has none of its own. */
export interface Texts {
  readonly common: CommonTexts;
  readonly uploader: UploaderTexts;
  readonly quota: QuotaTexts;
  readonly boundary: BoundaryTexts;
}

/** Texts of the host's own, in place of some of ours. */
export type TextChanges = ChangesOf<Texts> & ChangesOf<FilesTexts>;

type ChangesOf<Sections> = { readonly [Section in keyof Sections]?: Partial<Sections[Section]> };

export function mergeTexts(texts: Texts, changes: TextChanges): Texts {
  return {
    common: { ...texts.common, ...changes.common },
    uploader: { ...texts.uploader, ...changes.uploader },
    quota: { ...texts.quota, ...changes.quota },
    boundary: { ...texts.boundary, ...changes.boundary },
  };
}
