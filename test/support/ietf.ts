import { parseDictionary } from "structured-headers";
import { expect } from "vitest";
import type { Problem } from "#contract/errors.ts";
import type { Caller } from "./api.ts";
import { fileIdOf, readProblem, sharedStack } from "./api.ts";
import type { RawRequest } from "./raw-request.ts";
import { openRequest } from "./raw-request.ts";
import type { HeaderChange } from "./tus.ts";
import { changed, listedFiles } from "./tus.ts";

export const PARTIAL_UPLOAD = "application/partial-upload";

/** A creation that succeeds, for tests to change one thing of. */
export const CREATION = {
  "content-type": "text/plain",
  "content-disposition": 'inline; filename="notes.txt"',
  "upload-complete": "?0",
  "upload-draft-interop-version": "8",
} as const;

/** An upload's creation by the IETF's protocol. */
export function create(
  caller: Caller,
  change: HeaderChange = {},
  body: BodyInit | null = null,
): Promise<Response> {
  return caller.fetch("/v1/uploads", { method: "POST", headers: changed(CREATION, change), body });
}

/** The address of an upload that such a creation begins. */
export async function begin(
  caller: Caller,
  change: HeaderChange = {},
  body: BodyInit | null = null,
): Promise<string> {
  const answer = await create(caller, change, body);
  if (answer.status !== 201) throw new Error(`Creation answered ${answer.status}: ${await answer.text()}`);
  return answer.headers.get("location") ?? "";
}

/** A whole file in one request; returns its id. */
export async function uploadWhole(
  caller: Caller,
  body: BodyInit | null,
  change: HeaderChange = {},
): Promise<string> {
  return fileIdOf(await begin(caller, { "upload-complete": "?1", ...change }, body));
}

/** An append that doesn't complete, unless its headers say so. */
export function appendAt(
  caller: Caller,
  location: string,
  offset: number,
  body: BodyInit | null,
  change: HeaderChange = {},
): Promise<Response> {
  const headers = changed(
    { "content-type": PARTIAL_UPLOAD, "upload-offset": String(offset), "upload-complete": "?0" },
    change,
  );
  return caller.fetch(location, { method: "PATCH", headers, body });
}

/** The append that completes the upload. */
export function finishAt(
  caller: Caller,
  location: string,
  offset: number,
  body: BodyInit | null,
  change: HeaderChange = {},
): Promise<Response> {
  return appendAt(caller, location, offset, body, { "upload-complete": "?1", ...change });
}

export interface UploadStatus {
  readonly offset: string | null;
  readonly complete: string | null;
  readonly length: string | null;
}

/** The protocol's state in an answer. */
export function statusIn({ headers }: Response): UploadStatus {
  return {
    offset: headers.get("upload-offset"),
    complete: headers.get("upload-complete"),
    length: headers.get("upload-length"),
  };
}

/** What HEAD says of an upload that is there. */
export async function statusOf(caller: Caller, location: string): Promise<UploadStatus> {
  const answer = await caller.fetch(location, { method: "HEAD" });
  expect(answer.status).toBe(204);
  return statusIn(answer);
}

export async function offsetOf(caller: Caller, location: string): Promise<number> {
  return Number((await statusOf(caller, location)).offset);
}

/** `Upload-Limit`, parsed as the Dictionary that it has to be. Throws where it isn't one of Integers. */
export function limitsIn({ headers }: Response): Readonly<Record<string, number>> {
  const members = [...parseDictionary(headers.get("upload-limit") ?? "")];
  return Object.fromEntries(
    members.map(([key, [value]]) => {
      if (typeof value !== "number" || !Number.isInteger(value)) throw new Error(`${key} is no Integer.`);
      return [key, value];
    }),
  );
}

export interface ExpectedRefusal {
  readonly status: number;
  readonly code: string;
  readonly complete?: "?0" | "?1";
}

/** Checks a refusal and returns its document, with the members that the protocol adds. */
export async function expectRefused(
  answer: Response,
  { status, code, complete }: ExpectedRefusal,
): Promise<Problem & Record<string, unknown>> {
  const problem = await readProblem(answer);
  expect(problem).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
  if (complete !== undefined) expect(answer.headers.get("upload-complete")).toBe(complete);
  return problem;
}

/** Opens a request of the IETF's protocol by hand, on a connection of its own. */
export function openIetf(
  caller: Caller,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<RawRequest> {
  const authorization = `Bearer ${caller.token}`;
  return openRequest(new URL(path, sharedStack().url), method, { authorization, ...headers });
}

export function openCreation(caller: Caller, change: HeaderChange): Promise<RawRequest> {
  return openIetf(caller, "POST", "/v1/uploads", changed(CREATION, change));
}

export function openAppend(
  caller: Caller,
  location: string,
  offset: number,
  change: HeaderChange,
): Promise<RawRequest> {
  const headers = {
    "content-type": PARTIAL_UPLOAD,
    "upload-offset": String(offset),
    "upload-complete": "?0",
  };
  return openIetf(caller, "PATCH", location, changed(headers, change));
}

/** The address of the caller's only upload: whoever lost the answer to a creation finds it by the files' list. */
export async function onlyUpload(caller: Caller): Promise<string> {
  const ids = await listedFiles(caller);
  expect(ids).toHaveLength(1);
  return `/v1/uploads/${ids[0]}`;
}
