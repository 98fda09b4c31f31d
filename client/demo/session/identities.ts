import type { Person } from "../../react/index.ts";

/** Somebody who can be signed in. */
export interface Identity {
  readonly tenant: string;
  readonly user: string;
  readonly role: "member" | "admin";
  readonly name: string;
}

export const TENANT_NAMES: Readonly<Record<string, string>> = { acme: "Acme", globex: "Globex" };

export const IDENTITIES: readonly [Identity, ...Identity[]] = [
  { tenant: "acme", user: "ann", role: "admin", name: "Ann Lindqvist" },
  { tenant: "acme", user: "bob", role: "member", name: "Bob Okafor" },
  { tenant: "globex", user: "gil", role: "admin", name: "Gil Moreau" },
  { tenant: "globex", user: "hana", role: "member", name: "Hana Sato" },
];

export function keyOf({ tenant, user }: Identity): string {
  return `${tenant}/${user}`;
}

export function identityOf(key: string | null): Identity {
  return IDENTITIES.find((identity) => keyOf(identity) === key) ?? IDENTITIES[0];
}

/** Those with whom somebody may share. */
export function colleaguesOf(of: Identity): readonly Person[] {
  return IDENTITIES.filter(({ tenant, user }) => tenant === of.tenant && user !== of.user).map(
    ({ user, name }) => ({ id: user, name }),
  );
}

/** A user's name in a tenant; who isn't known has the id for a name. */
export function nameIn(tenant: string, userId: string): string {
  return IDENTITIES.find((each) => each.tenant === tenant && each.user === userId)?.name ?? userId;
}
