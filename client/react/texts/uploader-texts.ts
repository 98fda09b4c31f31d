import type { Problem } from "#contract/errors.ts";
import type { FileRefusal } from "#contract/file-checks.ts";
import type { FileClass } from "#contract/file-types.ts";
import type { Outcomes } from "../uploader/summary.ts";

/** A file that has the same bytes as one that was chosen. */
export interface DuplicateWords {
  readonly filename: string;
  /** What it is attached to, where that is another record than the chosen one's. */
  readonly attachedTo: string | undefined;
  readonly uploadedBy: string;
  readonly uploadedAt: Date;
}

export interface QuestionWords {
  readonly title: string;
  readonly body: string;
  readonly keep: string;
  readonly confirm: string;
}

export interface TotalsWords {
  readonly done: number;
  readonly files: number;
  readonly sentBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number | undefined;
  readonly secondsLeft: number | undefined;
}

/** What `FileUploader` says. States are sentences; actions name their file, for who hears the button alone. */
export interface UploaderTexts {
  readonly title: string;
  readonly dropHere: string;
  /** Where folders aren't taken. */
  readonly dropFilesHere: string;
  /** Where one is taken at a time. */
  readonly dropFileHere: string;
  /** Over the whole page while files are dragged. */
  readonly dropAnywhere: string;
  readonly chooseFiles: string;
  readonly chooseFile: string;
  readonly chooseFolder: string;
  /** Largest sizes in bytes, by class. */
  limits(maxBytes: Readonly<Record<FileClass, number>>): string;
  adding(count: number): string;
  readonly list: string;

  readonly waiting: string;
  readonly preparing: string;
  /** Short, for whoever hears it of a file. */
  readonly duplicate: string;
  duplicateOf(words: DuplicateWords): string;
  readonly uploadAnyway: string;
  readonly skipDuplicate: string;
  /** The way to the file that has the same bytes. */
  readonly showDuplicate: string;
  /** @param count two or more */
  duplicatesTitle(count: number): string;
  skipDuplicates(count: number): string;
  readonly uploadAllAnyway: string;
  uploading(secondsLeft: number | undefined): string;
  readonly finishing: string;
  /** What the server has is compared with what was sent. */
  readonly comparing: string;
  readonly paused: string;
  readonly offline: string;
  readonly elsewhere: string;
  /** @param seconds until it is tried again; 0 is now */
  retrying(problem: Problem | undefined, seconds: number): string;
  refused(problem: Problem): string;
  /** @param hasSent whether the server has some of it */
  failed(problem: Problem, hasSent: boolean): string;
  readonly cancelled: string;
  readonly deleted: string;
  readonly checking: string;
  /** When that has taken a while. */
  readonly checkingStill: string;
  readonly ready: string;
  infected(signatureName: string | undefined): string;
  unscannable(reason: string | undefined): string;
  /** What is to be done about one that is blocked. */
  readonly blockedHint: string;
  readonly unknown: string;

  /** "12 of 34 MB" */
  portion(sentBytes: number, totalBytes: number): string;
  speed(bytesPerSecond: number): string;
  progressOf(filename: string): string;
  readonly pause: string;
  readonly resume: string;
  readonly goOn: string;
  readonly cancel: string;
  readonly remove: string;
  /** A button's name for who hears it alone. */
  actionOn(action: string, filename: string): string;

  totals(words: TotalsWords): string;
  /** When nothing is on its way any more: only what there is of it is said. */
  outcome(outcomes: Outcomes): string;
  /** Of a batch that is off the list. */
  filed(count: number): string;
  readonly progressOfAll: string;
  readonly pauseAll: string;
  readonly resumeAll: string;
  readonly cancelAll: string;
  readonly clearFinished: string;

  refusalsTitle(count: number): string;
  rule(refusal: FileRefusal, filename: string): string;
  noRoom(count: number, neededBytes: number, availableBytes: number): string;
  /** Of uploads that the server had no room for. */
  noRoomTitle(count: number, of: number): string;
  readonly noRoomHint: string;
  andMore(count: number): string;
  readonly tryAgain: string;
  /** Where one file is taken at a time. */
  readonly tooManyTitle: string;
  readonly tooMany: string;
  readonly incompleteTitle: string;
  readonly incomplete: string;

  previousTitle(count: number): string;
  readonly previousHint: string;
  /** Where the browser can open the files again by itself. */
  readonly previousReady: string;
  continuePrevious(count: number): string;
  /** How much of it had arrived. */
  portionArrived(arrivedBytes: number, totalBytes: number): string;
  readonly discard: string;

  /**
   * Chosen to continue uploads, and none of them.
   * @param expected the names of those that are left
   */
  notContinued(names: readonly string[], expected: readonly string[]): QuestionWords;
  /** A new version that ends in another way than the file that it is of. */
  otherEnding(names: readonly string[], expected: readonly string[]): QuestionWords;
  confirmTitle(count: number): string;
  confirmBody(sentBytes: number): string;
  /** Of files that can't be cancelled any more. */
  arrived(count: number): string;
  /** Of one that was to be discarded. */
  goesOnElsewhere(filename: string): string;
  readonly discardTitle: string;
  readonly discardBody: string;
  readonly keepPrevious: string;
  readonly keep: string;
  confirmCancel(count: number): string;

  announce(filename: string, sentence: string): string;
  announceMany(count: number, sentence: string): string;
}
