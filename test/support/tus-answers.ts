import type { Caller } from "./api.ts";
import { creationHeaders, TUS } from "./api.ts";
import { locationOf, patch, postUpload } from "./tus.ts";

type Ask = (caller: Caller) => Promise<Response>;

const anUpload = (caller: Caller): Promise<string> => locationOf(postUpload(caller, creationHeaders(10)));
const NOBODY = `/v1/uploads/${"0".repeat(26)}`;

/** One answer of each kind that isn't an error. */
export const TUS_SUCCESSES: readonly (readonly [what: string, status: number, ask: Ask])[] = [
  ["a creation", 201, (caller) => postUpload(caller, creationHeaders(10))],
  ["a HEAD", 200, async (caller) => caller.fetch(await anUpload(caller), { method: "HEAD", headers: TUS })],
  ["a PATCH", 204, async (caller) => patch(caller, await anUpload(caller), 0, "abc")],
  [
    "a DELETE",
    204,
    async (caller) => caller.fetch(await anUpload(caller), { method: "DELETE", headers: TUS }),
  ],
];

/** One error of each status that a client can bring about. */
export const TUS_ERRORS: readonly (readonly [what: string, status: number, ask: Ask])[] = [
  ["metadata that doesn't parse", 400, (caller) => post(caller, { "upload-metadata": "filename !" })],
  ["no token", 401, (caller) => post(caller, { authorization: "" })],
  ["a token that isn't valid", 401, (caller) => post(caller, { authorization: "Bearer x.y.z" })],
  ["an unknown upload", 404, (caller) => caller.fetch(NOBODY, { method: "HEAD", headers: TUS })],
  ["a PATCH of an unknown upload", 404, (caller) => patch(caller, NOBODY, 0, "abc")],
  ["a path below", 404, (caller) => caller.fetch(`${NOBODY}/x`, { headers: TUS })],
  ["a method it doesn't have", 405, async (caller) => caller.fetch("/v1/uploads", { headers: TUS })],
  ["another offset", 409, async (caller) => patch(caller, await anUpload(caller), 3, "abc")],
  ["another version", 412, (caller) => post(caller, { "tus-resumable": "0.2.2" })],
  ["a length over the limit", 413, (caller) => post(caller, { "upload-length": "9007199254740991" })],
  [
    "another type",
    415,
    async (caller) => patch(caller, await anUpload(caller), 0, "abc", { "content-type": "text/plain" }),
  ],
  [
    "a wrong checksum",
    460,
    async (caller) =>
      patch(caller, await anUpload(caller), 0, "abc", { "upload-checksum": `md5 ${"A".repeat(22)}==` }),
  ],
];

function post(caller: Caller, change: Readonly<Record<string, string>>): Promise<Response> {
  return postUpload(caller, { ...creationHeaders(10), ...change });
}
