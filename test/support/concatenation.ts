import { expect } from "vitest";
import type { Caller } from "./api.ts";
import { append, metadataHeader, TUS } from "./api.ts";
import { locationOf, postUpload } from "./tus.ts";

/** Partial uploads and final ones (tus 1.0, Concatenation). */

export const NAME = { "upload-metadata": metadataHeader({ filename: "notes.txt" }) };

/** A partial upload as stock clients make it: without a name. */
export function createPartial(caller: Caller, sizeBytes: number): Promise<string> {
  const headers = { ...TUS, "upload-length": String(sizeBytes), "upload-concat": "partial" };
  return locationOf(postUpload(caller, headers));
}

/** A complete one. */
export async function uploadPartial(caller: Caller, bytes: string | Buffer<ArrayBuffer>): Promise<string> {
  const location = await createPartial(caller, bytes.length);
  if (bytes.length > 0) expect((await append(caller, location, 0, bytes)).status).toBe(204);
  return location;
}

export function uploadPartials(caller: Caller, texts: readonly string[]): Promise<readonly string[]> {
  return Promise.all(texts.map((text) => uploadPartial(caller, text)));
}

/** Joins partials; it succeeds if they can be joined. */
export function postFinal(
  caller: Caller,
  locations: readonly string[],
  headers: Readonly<Record<string, string>> = NAME,
): Promise<Response> {
  return postUpload(caller, { ...TUS, "upload-concat": `final;${locations.join(" ")}`, ...headers });
}
