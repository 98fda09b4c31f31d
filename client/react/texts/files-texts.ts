import type { FileState } from "#contract/api.ts";
import type { FileClass } from "#contract/file-types.ts";
import type { SharePermission, ShareLinkState } from "#contract/sharing.ts";

/** What can be sorted by, and by which column's head. */
export type SortName = "name" | "size" | "date";

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
  notDone(count: number, why: string): string;
  readonly undo: string;
  purgeQuestion(filenames: readonly string[]): string;
  readonly purgeWarning: string;
  readonly emptyNow: string;
  readonly emptyQuestion: string;
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

/** Of `ShareDialog`, and of what tells whom a file is shared with. */
export interface ShareTexts {
  title(filename: string): string;
  readonly people: string;
  readonly person: string;
  readonly personHint: string;
  readonly permission: string;
  readonly permissions: Readonly<Record<SharePermission, string>>;
  readonly addPerson: string;
  linksWork(count: number): string;
  readonly notShared: string;
  /** Of what is attached to something whose files all who see it may read. */
  seenWith(name: string): string;
  /** No user is known by what was typed. */
  unknownPerson(text: string): string;
  readonly addAnyway: string;
  until(when: string): string;
  readonly remove: string;
  removePerson(name: string): string;
  permissionOf(name: string): string;
  readonly links: string;
  readonly linksHint: string;
  readonly expiry: string;
  readonly expiries: Readonly<Record<"day" | "week" | "month" | "year", string>>;
  readonly password: string;
  readonly passwordHint: string;
  readonly limit: string;
  readonly limitHint: string;
  readonly createLink: string;
  readonly noLinks: string;
  readonly linkAddress: string;
  readonly copy: string;
  readonly copied: string;
  readonly notCopied: string;
  readonly revoke: string;
  revokeLink(address: string): string;
  readonly revoked: string;
  readonly linkStates: Readonly<Record<ShareLinkState, string>>;
  ends(when: string): string;
  downloads(count: number, most: number | null): string;
  readonly withPassword: string;
  shared(name: string): string;
  unshared(name: string): string;
  readonly linkMade: string;
  readonly invalidPassword: string;
  readonly invalidLimit: string;
  readonly loading: string;
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
