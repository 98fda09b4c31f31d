import type { SharePermission, ShareLinkState } from "#contract/sharing.ts";

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
