import type { FileState } from "#contract/api.ts";
import type { FileClass } from "#contract/file-types.ts";
import type { ShareTexts } from "./share-texts.ts";

/** What can be sorted by, and by which column's head. */
export type SortName = "name" | "size" | "date";

/** What files may have done to them, one or many. */
export type FileChange = "download" | "tags" | "attach" | "delete" | "restore" | "purge";

/** Of lists of files: `FileList`. */
export interface FileListTexts {
  readonly label: string;
  readonly search: string;
  readonly clearSearch: string;
  readonly columns: {
    readonly name: string;
    readonly size: string;
    readonly state: string;
    readonly uploaded: string;
    /** In the trash. */
    readonly deleted: string;
    readonly by: string;
    readonly actions: string;
  };
  readonly sortBy: string;
  readonly sorts: Readonly<Record<SortName, string>>;
  readonly ascending: string;
  readonly descending: string;
  readonly view: string;
  readonly asList: string;
  readonly asGrid: string;
  readonly filter: string;
  readonly kind: string;
  readonly kinds: Readonly<Record<FileClass, string>>;
  readonly anyKind: string;
  readonly state: string;
  readonly states: Readonly<Record<Exclude<FileState, "deleted">, string>>;
  readonly anyState: string;
  readonly tag: string;
  readonly attachedTo: string;
  /** Whatever it is attached to, or nothing. */
  readonly anywhere: string;
  readonly clearFilters: string;
  removeFilter(name: string): string;
  select(filename: string): string;
  readonly selectAll: string;
  selected(count: number): string;
  readonly clearSelection: string;
  readonly bulk: string;
  actionsOf(filename: string): string;
  readonly open: string;
  readonly download: string;
  readonly rename: string;
  readonly share: string;
  readonly tags: string;
  readonly delete: string;
  readonly restore: string;
  readonly purge: string;
  newName(filename: string): string;
  renamed(before: string, filename: string): string;
  notRenamed(filename: string, why: string): string;
  inTrash(filenames: readonly string[]): string;
  restored(filenames: readonly string[]): string;
  purged(filenames: readonly string[]): string;
  notDone(change: FileChange, filenames: readonly string[], why: string): string;
  /** Opens the choice of what files are attached to. */
  readonly attach: string;
  attachQuestion(filenames: readonly string[]): string;
  attached(filenames: readonly string[], to: string): string;
  detached(filenames: readonly string[]): string;
  readonly nowhere: string;
  readonly undo: string;
  purgeQuestion(filenames: readonly string[]): string;
  readonly purgeWarning: string;
  readonly emptyNow: string;
  /** @param hasMore whether there are more than are known */
  emptyQuestion(count: number, hasMore: boolean): string;
  emptied(count: number): string;
  readonly cancel: string;
  tagsOf(filenames: readonly string[]): string;
  readonly addTag: string;
  readonly add: string;
  removeTag(tag: string): string;
  readonly noTags: string;
  readonly loading: string;
  readonly loadingMore: string;
  readonly empty: string;
  readonly emptyTrash: string;
  /** Of a file in the trash. */
  keptUntil(date: Date, nowMs: number): string;
  readonly noMatch: string;
  readonly noMatchHint: string;
  failed(why: string): string;
  readonly safe: string;
  count(count: number, hasMore: boolean): string;
  more(count: number): string;
}

/** Of `FilePreview`, and of what a file's own page is made of. */
export interface PreviewTexts {
  viewer(filename: string): string;
  readonly close: string;
  readonly next: string;
  readonly previous: string;
  place(index: number, count: number): string;
  readonly download: string;
  readonly share: string;
  readonly openPage: string;
  readonly details: string;
  readonly loading: string;
  readonly checking: string;
  readonly checkingHint: string;
  readonly uploading: string;
  blocked(signature: string | null): string;
  readonly blockedHint: string;
  readonly unscannable: string;
  readonly deleted: string;
  /** By a person, against what its check found. */
  readonly released: string;
  readonly making: string;
  readonly makingHint: string;
  readonly undrawn: string;
  readonly undrawnHint: string;
  readonly none: string;
  readonly noneHint: string;
  failed(why: string): string;
  readonly zoomIn: string;
  readonly zoomOut: string;
  readonly zoomReset: string;
  zoomed(percent: number): string;
  image(filename: string): string;
  page(page: number, pages: number | undefined): string;
  readonly pages: string;
  readonly nextPage: string;
  readonly previousPage: string;
  drawingPage(page: number): string;
  readonly unplayable: string;
  tableOf(filename: string): string;
  readonly shownInPart: string;
  textOf(filename: string): string;
  readonly loadingDetails: string;
  readonly facts: string;
  readonly factNames: {
    readonly name: string;
    readonly type: string;
    readonly size: string;
    readonly uploaded: string;
    readonly by: string;
    readonly tags: string;
    readonly dimensions: string;
    readonly duration: string;
    readonly pages: string;
    readonly title: string;
    readonly author: string;
    readonly taken: string;
    readonly camera: string;
    readonly artist: string;
    readonly lines: string;
    readonly attachedTo: string;
    readonly digest: string;
  };
  dimensions(width: number, height: number): string;
  readonly versions: string;
  version(version: number): string;
  readonly currentVersion: string;
  readonly downloadVersion: string;
  readonly useVersion: string;
  renaming(filename: string): string;
  readonly save: string;
  readonly shares: string;
  readonly timeline: string;
}

/** Of `FileTimeline`. */
export interface TimelineTexts {
  readonly label: string;
  /** A day and its time. */
  at(date: Date, nowMs: number): string;
  readonly uploading: string;
  uploaded(by: string): string;
  readonly waitingForUpload: string;
  readonly checking: string;
  readonly checked: string;
  /** Of a file that a person released later. */
  readonly blocked: string;
  /** By a person, against what the check found. */
  readonly released: string;
  foundLater(signature: string): string;
  infected(signature: string): string;
  unscannable(reason: string): string;
  scannedBy(engine: string, signatureVersion: string): string;
  readonly checkStuck: string;
  readonly optimising: string;
  readonly optimised: string;
  readonly notOptimised: string;
  readonly derivatives: Readonly<Record<string, string>>;
  copying(target: string): string;
  copied(target: string): string;
  notCopied(target: string): string;
  nextTry(when: string): string;
}

export interface FilesTexts {
  readonly fileList: FileListTexts;
  readonly preview: PreviewTexts;
  readonly share: ShareTexts;
  readonly timeline: TimelineTexts;
}
