import type { AdminTexts } from "./admin-texts.ts";

/** The demo's own words; those of its components are the components'. */
export interface DemoTexts {
  readonly shell: {
    readonly product: string;
    readonly demo: string;
    readonly skip: string;
    readonly signedInAs: string;
    readonly settings: string;
    readonly language: string;
    readonly theme: string;
    readonly themes: { readonly system: string; readonly light: string; readonly dark: string };
    readonly navigation: string;
    readonly contacts: string;
    readonly files: string;
    readonly trash: string;
    readonly shared: string;
    readonly quarantine: string;
    readonly failedJobs: string;
    readonly reference: string;
    readonly notFound: string;
    readonly toStart: string;
  };
  readonly signIn: {
    readonly title: string;
    readonly why: string;
    readonly token: string;
    readonly use: string;
  };
  readonly line: {
    readonly label: string;
    readonly good: string;
    readonly slow: string;
    readonly cut: string;
    /** Shown while it isn't good. */
    readonly slowNote: string;
    readonly cutNote: string;
  };
  readonly contact: {
    readonly facts: Readonly<Record<"email" | "phone" | "address" | "owner", string>>;
    readonly title: string;
    readonly details: string;
    readonly attachments: string;
    readonly list: string;
    /** Of files; undefined until it is known. */
    count(files: number | undefined): string;
    /** Where there is no answer. @param areOld whether earlier numbers are shown */
    uncounted(areOld: boolean): string;
    readonly again: string;
    readonly back: string;
  };
  readonly admin: AdminTexts;
  readonly uploads: {
    running(files: number): string;
    /** Without a connection. */
    waiting(files: number): string;
    /** That don't go on by themselves. @param at the contact's name that they belong to */
    stopped(files: number, at: string | undefined): string;
    /** Of earlier visits. @param at the contact's name that they belong to */
    unfinished(files: number, at: string | undefined): string;
    switchTitle(files: number): string;
    switchBody(name: string): string;
    readonly switchKeep: string;
    switchConfirm(name: string): string;
  };
  /** Who opened or downloaded a file. */
  readonly readers: {
    readonly title: string;
    readonly by: Readonly<Record<"address" | "link" | "public", string>>;
    times(times: number, last: string): string;
    readonly none: string;
    /** @param count the newest events that were looked at */
    older(count: number): string;
    /** What isn't known. */
    readonly hint: string;
    readonly failed: string;
  };
  readonly files: {
    readonly trashNote: string;
    /** How much of the storage everybody's deleted files take. */
    trashRoom(trash: string, quota: string): string;
    /** Where the largest files come first, to make room. */
    readonly largestNote: string;
    readonly back: string;
    readonly loading: string;
    readonly missing: string;
    readonly missingHint: string;
    readonly failed: string;
    readonly again: string;
    readonly preview: string;
    readonly details: string;
    readonly timeline: string;
    readonly versions: string;
    readonly newVersion: string;
    readonly sharing: string;
    readonly attachedTo: string;
    readonly unattached: string;
    /** @param when its day, in words */
    uploaded(size: string, by: string, when: string): string;
    /** What its check had found in a file that was released. */
    found(signatureName: string | undefined): string;
    /** The same where its time is known. */
    blockedAt(when: string, signatureName: string | undefined): string;
    releasedBy(name: string, reason: string): string;
    /** @param changed when the file was changed last; `uploaded` is of its first version */
    versionOf(size: string, version: number, changed: string, uploaded: string): string;
  };
}
