import { expect } from "vitest";
import type { EntityAction, EntityGrantResponse } from "#contract/entity-grants.ts";
import { ENTITY_ACTIONS } from "#contract/entity-grants.ts";
import type { Caller } from "./api.ts";
import { asHolder } from "./upload-grants.ts";

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
