import { expect } from "vitest";
import type { UploadGrantResponse } from "#contract/api.ts";
import type { Caller } from "./api.ts";
import { APPEND, metadataHeader, newCaller, readProblem, sharedStack, TUS } from "./api.ts";

export type Scope = Readonly<Record<string, unknown>>;
export type Headers = Readonly<Record<string, string>>;

export function postGrant(caller: Caller, scope: Scope): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return caller.fetch("/v1/upload-grants", { method: "POST", headers, body: JSON.stringify(scope) });
}

export interface Grant extends UploadGrantResponse {
  /** The CRM's backend that minted it. */
  readonly backend: Caller;
  /** `fetch` with the grant in the place of a session. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

export async function mint(scope: Scope = {}, backend?: Caller): Promise<Grant> {
  const minter = backend ?? (await newCaller({ user: "crm", role: "service" }));
  const answer = await postGrant(minter, scope);
  const text = await answer.text();
  expect(answer.status, text).toBe(201);
  const grant = JSON.parse(text) as UploadGrantResponse;
  return { ...grant, backend: minter, fetch: (path, init) => asHolder(minter, grant.token, path, init) };
}

/** Asks with a grant in the place of a session, where the minter's stack is. */
export function asHolder(
  { fetch: ask }: Caller,
  token: string,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${token}`);
  return ask(path, { ...init, headers });
}

export function fetchWith(token: string, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${token}`);
  return fetch(new URL(path, sharedStack().url), { ...init, headers });
}

export type Metadata = Readonly<Record<string, string>>;

export const NOTES: Metadata = { filename: "notes.txt", filetype: "text/plain" };

export interface Creation {
  readonly length?: number | undefined;
  readonly metadata?: Metadata;
  readonly headers?: Headers;
}

/** A tus creation that succeeds, but for what the test changes. */
export function createByTus(grant: Grant, { length = 5, metadata = NOTES, headers = {} }: Creation = {}) {
  const declared = { ...TUS, "upload-length": String(length), "upload-metadata": metadataHeader(metadata) };
  return grant.fetch("/v1/uploads", { method: "POST", headers: { ...declared, ...headers } });
}

/** The same in the IETF's protocol. */
export function createByIetf(grant: Grant, { length = 5, metadata = NOTES, headers = {} }: Creation = {}) {
  const { filename = "", filetype = "", ...query } = metadata;
  const declared = {
    "upload-complete": "?0",
    "upload-length": String(length),
    "content-disposition": `attachment; filename="${filename}"`,
    "content-type": filetype,
    ...headers,
  };
  const path = `/v1/uploads?${new URLSearchParams(query).toString()}`;
  return grant.fetch(path, { method: "POST", headers: declared, body: null });
}

export const CREATIONS = [
  ["tus", createByTus],
  ["IETF", createByIetf],
] as const;

export function patchByTus(
  grant: Grant,
  offset: number,
  body: BodyInit,
  headers: Headers = {},
): Promise<Response> {
  return grant.fetch(`/v1/uploads/${grant.fileId}`, {
    method: "PATCH",
    headers: { ...APPEND, "upload-offset": String(offset), ...headers },
    body,
  });
}

/** Headers of a tus append at the beginning. */
export const APPENDED: Headers = { ...APPEND, "upload-offset": "0" };

export async function expectRefused(answer: Response, code: string): Promise<void> {
  const problem = await readProblem(answer);
  expect(problem).toMatchObject({ code });
  expect(answer.status).toBe(problem.status);
}
