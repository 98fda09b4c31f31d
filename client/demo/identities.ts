/** Who can be signed in as, and the contact that each workspace shows. */
export interface DemoIdentity {
  readonly tenant: string;
  readonly user: string;
  readonly role: "member" | "admin";
  readonly label: string;
}

export interface Contact {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly facts: readonly (readonly [term: string, value: string])[];
}

export const IDENTITIES: readonly [DemoIdentity, ...DemoIdentity[]] = [
  { tenant: "acme", user: "ann", role: "admin", label: "Ann" },
  { tenant: "acme", user: "bob", role: "member", label: "Bob" },
  { tenant: "globex", user: "gil", role: "member", label: "Gil" },
];

export const TENANT_LABELS: Readonly<Record<string, string>> = { acme: "Acme", globex: "Globex" };

const HILDEGARD: Contact = {
  id: "c-1001",
  name: "Hildegard Brandt-Oberhauser",
  role: "Head of procurement, Nordlicht Maschinenbau GmbH",
  facts: [
    ["Email", "h.brandt-oberhauser@nordlicht-maschinenbau.example"],
    ["Phone", "+49 40 5550 1284"],
    ["Address", "Am Sandtorkai 41, 20457 Hamburg"],
    ["Owner", "Ann Lindqvist"],
    ["Last contact", "Visit on site, 18 November"],
  ],
};

const TOMAS: Contact = {
  id: "c-2001",
  name: "Tomás Iglesias",
  role: "Operations, Faro Logística",
  facts: [
    ["Email", "tomas@farologistica.example"],
    ["Phone", "+34 981 555 017"],
    ["Address", "Rúa da Torre 8, 15002 A Coruña"],
    ["Owner", "Gil Moreau"],
    ["Last contact", "Call, 21 November"],
  ],
};

export function contactOf(identity: DemoIdentity): Contact {
  return identity.tenant === "globex" ? TOMAS : HILDEGARD;
}
