import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { Caller } from "../api.ts";
import { APPEND, createUpload, headOffset } from "../api.ts";
import type { RawRequest } from "../raw-request.ts";
import { openRequest } from "../raw-request.ts";
import type { HeaderChange } from "../tus.ts";
import { changed, listedFiles, locationOf, postUpload } from "../tus.ts";
import type { Ask, Scene, Told } from "./scene.ts";
import { MAX_APPEND_BYTES } from "./scene.ts";
import type { Refusal, Refusals } from "./table.ts";

/** What requests that send bytes have in common: what they send, and what they are refused for. */

export const CONTENT = "hello";
export const TYPED = { filename: "notes.txt", filetype: "text/plain" };
/** More than any upload may be, and still a number that a header may say. */
export const FAR_TOO_LONG = "9007199254740991";
export const WRONG_DIGEST = `sha-256=:${createHash("sha256").update("other").digest("base64")}:`;
const WRONG_SHA1 = `sha1 ${createHash("sha1").update("other").digest("base64")}`;

export function withHeaders(change: HeaderChange): Refusal {
  return (_scene, good) => ({ ...good, headers: changed({ ...good.headers }, change) });
}

export const WRONG_CHECKSUM = {
  UPLOAD_CHECKSUM_INVALID: withHeaders({ "upload-checksum": "crc32 AAAA" }),
  UPLOAD_CHECKSUM_MISMATCH: withHeaders({ "upload-checksum": WRONG_SHA1 }),
} as const satisfies Refusals;

/** As many uploads are under way as may be. */
export const exceedOpenUploads: Refusal = async (scene, good) => {
  await createUpload(scene.ann, 5);
  await scene.changeSettings({ maxOpenUploads: 1 });
  return good;
};

export const exceedQuota: Refusal = async (scene, good) => {
  await scene.setQuota(1);
  return good;
};

/** What the store doesn't take is kept aside until it does, as long as there isn't more of it than a part. */
export async function storeTooMuch(scene: Scene, good: Ask): Promise<Ask> {
  await scene.breakStore("uploadPart");
  const headers = { ...good.headers };
  if ("upload-length" in headers) headers["upload-length"] = String(MAX_APPEND_BYTES);
  return { ...good, headers, body: "x".repeat(MAX_APPEND_BYTES) };
}

/** What was answered on a connection that was written by hand. */
export async function toldOn(request: RawRequest): Promise<Told> {
  await expect.poll(request.received, { interval: 5, timeout: 10_000 }).toMatch(/"code":"\w+"/);
  const text = request.received();
  await request.cut();
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), code: /"code":"(\w+)"/.exec(text)?.[1] };
}

/** Begins to send what is asked for, without its last byte. */
export async function sendAllButTheEnd(
  { stack }: Scene,
  { method, path, headers, by, body }: Ask,
): Promise<RawRequest> {
  const bytes = Buffer.from(body ?? "");
  const request = await openRequest(new URL(path, stack.url), method, {
    ...headers,
    authorization: `Bearer ${by?.token ?? ""}`,
    "content-length": String(bytes.byteLength),
  });
  await request.write(bytes.subarray(0, -1));
  return request;
}

/** The client sends no more, and still listens. */
export const endEarly: Refusal = async (scene, good) => {
  const request = await sendAllButTheEnd(scene, good);
  request.socket.end();
  return toldOn(request);
};

/** As `supersede`, of a creation that can be gone on with: what came is there afterwards. */
export const supersedeCreation: Refusal = async (scene, good) => {
  const told = await supersede(scene, good);
  const [id = ""] = await listedFiles(scene.ann);
  expect(await headOffset(scene.ann, `/v1/uploads/${id}`)).toBe(Buffer.byteLength(good.body ?? "") - 1);
  return told;
};

/** Another request asks where the upload is while its bytes come. */
export const supersede: Refusal = async (scene, good) => {
  const request = await sendAllButTheEnd(scene, good);
  const find = async (): Promise<number> => (await listedFiles(scene.ann)).length;
  await expect.poll(find, { interval: 10, timeout: 10_000 }).toBe(1);
  const [id = ""] = await listedFiles(scene.ann);
  await scene.ann.fetch(`/v1/uploads/${id}`, { method: "HEAD" });
  return toldOn(request);
};

export async function finishedPartial(caller: Caller): Promise<string> {
  const headers = { ...APPEND, "upload-length": "5", "upload-concat": "partial" };
  return locationOf(postUpload(caller, headers, CONTENT));
}

/** The beginning of a zip whose first entry is encrypted: bit 0 of its flags (APPNOTE.TXT 4.4.4). */
export const ENCRYPTED = "PK\u0003\u0004\u0014\0\u0001\0 and noise";
