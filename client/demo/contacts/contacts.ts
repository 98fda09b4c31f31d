import type { EntityRef } from "#contract/entities.ts";

/** A person of the CRM, whom files are attached to. */
export interface Contact {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly role: string;
  readonly email: string;
  readonly phone: string;
  readonly address: string;
  readonly owner: string;
}

export const CONTACTS: readonly Contact[] = [
  {
    id: "c-1001",
    tenant: "acme",
    name: "Hildegard Brandt-Oberhauser",
    role: "Head of procurement, Nordlicht Maschinenbau GmbH",
    email: "h.brandt-oberhauser@nordlicht-maschinenbau.example",
    phone: "+49 40 5550 1284",
    address: "Am Sandtorkai 41, 20457 Hamburg",
    owner: "Ann Lindqvist",
  },
  {
    id: "c-1002",
    tenant: "acme",
    name: "Yusuf Demir",
    role: "Managing director, Demir Tekstil",
    email: "yusuf@demirtekstil.example",
    phone: "+90 212 555 0193",
    address: "Bağdat Caddesi 210, 34728 İstanbul",
    owner: "Bob Okafor",
  },
  {
    id: "c-1003",
    tenant: "acme",
    name: "Siobhán Ní Dhomhnaill",
    role: "Facilities, Corrib Analytics",
    email: "siobhan@corrib.example",
    phone: "+353 91 555 0177",
    address: "12 Quay Street, Galway H91 X2",
    owner: "Ann Lindqvist",
  },
  {
    id: "c-1004",
    tenant: "acme",
    name: "ليلى المنصوري",
    role: "Legal counsel, Al Noor Trading",
    email: "layla@alnoor.example",
    phone: "+971 4 555 0142",
    address: "Sheikh Zayed Road, Dubai",
    owner: "Bob Okafor",
  },
  {
    id: "c-2001",
    tenant: "globex",
    name: "Tomás Iglesias",
    role: "Operations, Faro Logística",
    email: "tomas@farologistica.example",
    phone: "+34 981 555 017",
    address: "Rúa da Torre 8, 15002 A Coruña",
    owner: "Gil Moreau",
  },
  {
    id: "c-2002",
    tenant: "globex",
    name: "Ingrid Solheim",
    role: "Finance, Fjordkraft Nord",
    email: "ingrid@fjordkraft.example",
    phone: "+47 55 55 50 19",
    address: "Bryggen 5, 5003 Bergen",
    owner: "Hana Sato",
  },
];

export function contactsOf(tenant: string): readonly Contact[] {
  return CONTACTS.filter((contact) => contact.tenant === tenant);
}

/** A contact as what files are attached to. */
export function entityOf({ id }: Contact): EntityRef {
  return { entityType: "contact", entityId: id };
}

/** Scripts whose letters join: two initials side by side are a word, as of an Arabic name they would be "no". */
const JOINING = /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}]/u;

/** For an avatar: two letters, or one where two would be read together. */
export function initialsOf(name: string): string {
  const letters = name
    .split(/[\s-]+/)
    .slice(0, 2)
    .map((word) => String.fromCodePoint(word.codePointAt(0) ?? 0x20));
  return JOINING.test(letters[0] ?? "") ? (letters[0] ?? "") : letters.join("");
}
