import { createHash, randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Caller } from "./api.ts";
import { APPEND, readProblem, sharedStack, TUS, waitForVerdict } from "./api.ts";
import type { RawRequest } from "./raw-request.ts";
import { openRequest } from "./raw-request.ts";

/** Size of a part where the client's appends don't suggest another. */
export const PART = 8 * 1024 * 1024;

export type HeaderChange = Readonly<Record<string, string | undefined>>;

/** Text, so that what is uploaded as text/plain is what it says it is. */
export function textOf(sizeBytes: number): Buffer<ArrayBuffer> {
  return Buffer.from(
    randomBytes(Math.ceil(sizeBytes / 2))
      .toString("hex")
      .slice(0, sizeBytes),
    "latin1",
  );
}

/** Headers with one thing changed; `undefined` takes a header away. */
export function changed(headers: Readonly<Record<string, string>>, change: HeaderChange) {
  const entries = Object.entries({ ...headers, ...change }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** A creation; it succeeds if its headers do. */
export function postUpload(
  caller: Caller,
  headers: Readonly<Record<string, string>>,
  body: BodyInit | null = null,
): Promise<Response> {
  return caller.fetch("/v1/uploads", { method: "POST", headers: { ...headers }, body });
}

/** The address of an upload that such a creation makes. */
export async function locationOf(creation: Promise<Response>): Promise<string> {
  const answer = await creation;
  if (answer.status !== 201) throw new Error(`Creation answered ${answer.status}: ${await answer.text()}`);
  return answer.headers.get("location") ?? "";
}

/** A PATCH at `offset` with headers beside the usual ones; `undefined` takes one of those away. */
export function patch(
  caller: Caller,
  location: string,
  offset: number,
  body: BodyInit | null,
  change: HeaderChange = {},
): Promise<Response> {
  const headers = changed({ ...APPEND, "upload-offset": String(offset) }, change);
  return caller.fetch(location, { method: "PATCH", headers, body });
}

/** What HEAD says of an upload that is there. */
export async function headOf(caller: Caller, location: string): Promise<Record<string, string>> {
  const answer = await caller.fetch(location, { method: "HEAD", headers: TUS });
  expect(answer.status).toBe(200);
  return Object.fromEntries(answer.headers);
}

export async function expectRefusal(answer: Response, status: number, code: string): Promise<void> {
  expect(await readProblem(answer)).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
}

/** Opens a PATCH by hand, on a connection of its own. */
export function openPatch(
  caller: Caller,
  location: string,
  headers: Readonly<Record<string, string>>,
): Promise<RawRequest> {
  const authorization = `Bearer ${caller.token}`;
  return openRequest(new URL(location, sharedStack().url), "PATCH", { ...APPEND, authorization, ...headers });
}

/** Bytes as one piece of a chunked body (RFC 9112, 7.1). */
export function chunkOf(bytes: string | Uint8Array): Buffer {
  const content = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(`${content.byteLength.toString(16)}\r\n`), content, Buffer.from("\r\n")]);
}

export const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** What a store takes that others keep busy: parts that are under way are waited for. */
const RECEIVED_WITHIN_MS = 30_000;

/** Resolves when `text` has come back. */
export async function expectReceived(request: RawRequest, text: string | RegExp): Promise<void> {
  await expect.poll(request.received, { interval: 5, timeout: RECEIVED_WITHIN_MS }).toMatch(text);
}

export async function downloaded(caller: Caller, fileId: string): Promise<Buffer> {
  const answer = await caller.fetch(`/v1/files/${fileId}/content`);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

/** Waits until the file is found clean, and compares every byte of it. */
export async function expectStored(caller: Caller, fileId: string, bytes: Buffer): Promise<void> {
  const record = await waitForVerdict(caller, fileId);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  expect(record).toMatchObject({ state: "clean", sizeBytes: bytes.byteLength, sha256 });
  expect((await downloaded(caller, fileId)).equals(bytes)).toBe(true);
}

/** Ids of what a caller sees in lists: stored files, and then those under way. */
export async function listedFiles(caller: Caller): Promise<readonly string[]> {
  const pages = await Promise.all(
    ["/v1/files", "/v1/files?state=uploading"].map(async (path) => (await caller.fetch(path)).json()),
  );
  return (pages as { items: readonly { id: string }[] }[]).flatMap(({ items }) => items.map(({ id }) => id));
}

/** What OPTIONS says in a header that is a list. */
export async function advertised(name: string): Promise<readonly string[]> {
  const answer = await fetch(new URL("/v1/uploads", sharedStack().url), { method: "OPTIONS" });
  return answer.headers.get(name)?.split(",") ?? [];
}
