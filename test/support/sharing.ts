import { expect } from "vitest";
import type { SharedDownload, SharedFile, ShareLink } from "#contract/sharing.ts";
import type { Caller, StackAccess } from "./api.ts";
import { newCaller, readProblem, uploadFile, waitForVerdict } from "./api.ts";

export type Body = Readonly<Record<string, unknown>>;

export function sendJson(caller: Caller, method: string, path: string, body: Body): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return caller.fetch(path, { method, headers, body: JSON.stringify(body) });
}

/** The problem's status and code, as refusal tests compare them. */
export async function codeOf(answer: Response): Promise<string> {
  const { status, code } = await readProblem(answer);
  expect(status).toBe(answer.status);
  return `${status} ${code}`;
}

/** A checked file of Ann's, who is a member. */
export async function cleanFile(
  options: { readonly bytes?: Buffer; readonly filename?: string; readonly stack?: StackAccess } = {},
): Promise<{ readonly ann: Caller; readonly fileId: string }> {
  const { bytes = Buffer.from("hello"), filename = "notes.txt", stack } = options;
  const ann = await newCaller(stack === undefined ? {} : { stack });
  const fileId = await uploadFile(ann, bytes, { filename });
  await waitForVerdict(ann, fileId);
  return { ann, fileId };
}

export async function createLink(caller: Caller, fileId: string, body: Body = {}): Promise<ShareLink> {
  const answer = await sendJson(caller, "POST", `/v1/files/${fileId}/share-links`, body);
  const text = await answer.text();
  expect(answer.status, text).toBe(201);
  return JSON.parse(text) as ShareLink;
}

export async function listLinks(caller: Caller, fileId: string): Promise<readonly ShareLink[]> {
  const answer = await caller.fetch(`/v1/files/${fileId}/share-links`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { items: ShareLink[] }).items;
}

const JSON_ACCEPTED = { accept: "application/json" } as const;

/** A link's page as JSON. */
export function look(url: string): Promise<Response> {
  return fetch(url, { headers: JSON_ACCEPTED });
}

export async function seen(url: string): Promise<SharedFile> {
  const answer = await look(url);
  expect(answer.status).toBe(200);
  return (await answer.json()) as SharedFile;
}

/** One download through a link, asked for in JSON. */
export function take(url: string, body: Body = {}): Promise<Response> {
  const headers = { ...JSON_ACCEPTED, "content-type": "application/json" };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
}

export async function taken(url: string, body: Body = {}): Promise<SharedDownload> {
  const answer = await take(url, body);
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  return JSON.parse(text) as SharedDownload;
}
