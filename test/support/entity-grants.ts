import { expect } from "vitest";
import type { EntityAction, EntityGrantResponse } from "#contract/entity-grants.ts";
import { ENTITY_ACTIONS } from "#contract/entity-grants.ts";
import type { FileList } from "#contract/listing.ts";
import type { Caller } from "./api.ts";
import { newCaller, newTenantId, readProblem, uploadFile, waitForVerdict } from "./api.ts";
import { asHolder, NOTES } from "./upload-grants.ts";

/** The contact that grants are for, where a test says no other. */
export const ENTITY = { entityType: "contact", entityId: "c-1" } as const;

export interface GrantWish {
  readonly userId?: string;
  readonly entityType?: string;
  readonly entityId?: string;
  /** All of them where it isn't said. */
  readonly allow?: readonly EntityAction[];
  readonly expiresInSeconds?: number;
}

export function postEntityGrant(caller: Caller, path: string, body: object): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return caller.fetch(`/v1/entity-grants${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

export async function mintEntityGrant(backend: Caller, wish: GrantWish = {}): Promise<EntityGrantResponse> {
  const body = { userId: "bob", ...ENTITY, allow: ENTITY_ACTIONS, ...wish };
  const answer = await postEntityGrant(backend, "", body);
  const text = await answer.text();
  expect(answer.status, text).toBe(201);
  return JSON.parse(text) as EntityGrantResponse;
}

/** Whoever has that grant's token in the place of a session. */
export function holderOf(backend: Caller, { token }: Pick<EntityGrantResponse, "token">): Caller {
  return { ...backend, token, fetch: (path, init) => asHolder(backend, token, path, init) };
}

export async function grantEntity(backend: Caller, wish: GrantWish = {}): Promise<Caller> {
  return holderOf(backend, await mintEntityGrant(backend, wish));
}

/** A contact that isn't the grants'. */
export const OTHER = { entityType: "contact", entityId: "c-2" } as const;

/** A tenant where what is attached to an entity is its owner's: a grant is all that lets others see anything of it. */
export interface Contacts {
  readonly backend: Caller;
  readonly ann: Caller;
  /** Ann's, found clean: one at the grants' contact, one at the other. */
  readonly attached: string;
  readonly elsewhere: string;
}

export async function makeContacts(): Promise<Contacts> {
  const tenantId = newTenantId();
  const [admin, backend, ann] = await Promise.all([
    newCaller({ tenantId, user: "root", role: "admin" }),
    newCaller({ tenantId, user: "crm", role: "service" }),
    newCaller({ tenantId, user: "ann" }),
  ]);
  const changed = await admin.fetch(`/v1/admin/tenants/${tenantId}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ settings: { entityAccess: "owner" } }),
  });
  expect(changed.status).toBe(200);
  const [attached, elsewhere] = await Promise.all([addFile(ann, ENTITY), addFile(ann, OTHER)]);
  return { backend, ann, attached, elsewhere };
}

/** A file at an entity, found clean. */
export async function addFile(caller: Caller, entity: Readonly<Record<string, string>>): Promise<string> {
  const fileId = await uploadFile(caller, Buffer.from("hello"), { ...NOTES, ...entity });
  await waitForVerdict(caller, fileId);
  return fileId;
}

export async function idsOf(caller: Caller, query = ""): Promise<readonly string[]> {
  const answer = await caller.fetch(`/v1/files${query}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as FileList).items.map(({ id }) => id);
}

export async function codeOf(answer: Response): Promise<string> {
  return `${answer.status} ${(await readProblem(answer)).code}`;
}
