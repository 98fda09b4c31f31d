import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { Caller } from "../api.ts";
import {
  APPEND,
  createUpload,
  creationHeaders,
  fileIdOf,
  headOffset,
  metadataHeader,
  newCaller,
  TUS,
} from "../api.ts";
import { loseUpload } from "../faulty/lost-upload.ts";
import { begin, PARTIAL_UPLOAD } from "../ietf.ts";
import type { RawRequest } from "../raw-request.ts";
import { openRequest } from "../raw-request.ts";
import { changed, listedFiles, locationOf, postUpload } from "../tus.ts";
import type { Ask, Scene, Told } from "./scene.ts";
import { MAX_APPEND_BYTES, MISSING_ID, toldBy } from "./scene.ts";
import type { Refusal, Refusals, RefusalTable } from "./table.ts";
import { askWithUnknownKey, ERASING, SESSION, TOKEN, withBody } from "./table.ts";

const CONTENT = "hello";
const TYPED = { filename: "notes.txt", filetype: "text/plain" };
/** More than any upload may be, and still a number that a header may say. */
const FAR_TOO_LONG = "9007199254740991";
const WRONG_SHA1 = `sha1 ${createHash("sha1").update("other").digest("base64")}`;
const WRONG_DIGEST = `sha-256=:${createHash("sha256").update("other").digest("base64")}:`;

type HeaderChange = Readonly<Record<string, string | undefined>>;

function withHeaders(change: HeaderChange): Refusal {
  return (_scene, good) => ({ ...good, headers: changed({ ...good.headers }, change) });
}

function withMetadata(metadata: Readonly<Record<string, string>>): Refusal {
  return withHeaders({ "upload-metadata": metadataHeader(metadata) });
}

/** In the IETF's protocol: a creation, which is complete unless its headers say otherwise. */
function byIetf(change: HeaderChange, body: string = CONTENT): Refusal {
  const headers = { "content-type": "text/plain", "content-disposition": 'attachment; filename="notes.txt"' };
  return ({ ann }, { path }) => ({ by: ann, method: "POST", path, headers: changed(headers, change), body });
}

const exceedQuota: Refusal = async (scene, good) => {
  await scene.setQuota(1);
  return good;
};

/** What the store doesn't take is kept aside until it does, as long as there isn't more of it than a part. */
async function storeTooMuch(scene: Scene, good: Ask): Promise<Ask> {
  await scene.breakStore("uploadPart");
  const headers = { ...good.headers };
  if ("upload-length" in headers) headers["upload-length"] = String(MAX_APPEND_BYTES);
  return { ...good, headers, body: "x".repeat(MAX_APPEND_BYTES) };
}

/** What was answered on a connection that was written by hand. */
async function toldOn(request: RawRequest): Promise<Told> {
  await expect.poll(request.received, { interval: 5, timeout: 10_000 }).toMatch(/"code":"\w+"/);
  const text = request.received();
  await request.cut();
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), code: /"code":"(\w+)"/.exec(text)?.[1] };
}

/** Begins to send what is asked for, without its last byte. */
async function sendAllButTheEnd(
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

/** A body that says it is more than any may be: nobody waits for it. */
const announceTooMuch: Refusal = async ({ stack }, { method, path, headers, by }) => {
  const request = await openRequest(new URL(path, stack.url), method, {
    ...headers,
    authorization: `Bearer ${by?.token ?? ""}`,
    "content-length": String(MAX_APPEND_BYTES + 1),
  });
  return toldOn(request);
};

/** Another request asks where the upload is while its bytes come. */
const supersede: Refusal = async (scene, good) => {
  const request = await sendAllButTheEnd(scene, good);
  const find = async (): Promise<number> => (await listedFiles(scene.ann)).length;
  await expect.poll(find, { interval: 10, timeout: 10_000 }).toBe(1);
  const [id = ""] = await listedFiles(scene.ann);
  await scene.ann.fetch(`/v1/uploads/${id}`, { method: "HEAD" });
  return toldOn(request);
};

/** The client sends no more, and still listens. */
const endEarly: Refusal = async (scene, good) => {
  const request = await sendAllButTheEnd(scene, good);
  request.socket.end();
  return toldOn(request);
};

function replacing(
  name: (scene: Scene) => Promise<string>,
  by: (scene: Scene) => Caller = ({ ann }) => ann,
): Refusal {
  return async (scene, good) => {
    const replaces = await name(scene);
    const headers = { ...good.headers, "upload-metadata": metadataHeader({ ...TYPED, replaces }) };
    return { ...good, headers, by: by(scene) };
  };
}

/** The same where the fields are in the query. */
function replacingByQuery(
  name: (scene: Scene) => Promise<string>,
  by: (scene: Scene) => Caller = ({ ann }) => ann,
): Refusal {
  return async (scene, good) => ({
    ...good,
    path: `${good.path}?replaces=${await name(scene)}`,
    by: by(scene),
  });
}

const nothing = async (): Promise<string> => MISSING_ID;
const viewedByBob = async (scene: Scene): Promise<string> => {
  const fileId = await scene.addCleanFile();
  await scene.letBobView();
  return fileId;
};
const inTrash = async (scene: Scene): Promise<string> => {
  const fileId = await scene.addCleanFile();
  await scene.putIntoTrash();
  return fileId;
};
const uploading = async ({ ann }: Scene): Promise<string> => fileIdOf(await createUpload(ann, 5));

function replacements(as: typeof replacing): Refusals {
  return {
    FILE_NOT_FOUND: as(nothing),
    PERMISSION_REQUIRED: as(viewedByBob, ({ bob }) => bob),
    FILE_IN_TRASH: as(inTrash),
    FILE_NOT_READY: as(uploading),
  };
}

/** What any body is refused for, when it is the first of its upload. */
const FIRST_BODY = {
  UPLOAD_LENGTH_INVALID: withHeaders({ "upload-length": "five" }),
  UPLOAD_LENGTH_CONFLICT: byIetf({ "upload-length": "9" }),
  UPLOAD_LENGTH_EXCEEDED: byIetf({ "upload-complete": "?0", "upload-length": "3" }),
  UPLOAD_HEADER_INVALID: withHeaders({ "upload-length": undefined, "upload-defer-length": "2" }),
  UPLOAD_CHECKSUM_INVALID: withHeaders({ "upload-checksum": "crc32 AAAA" }),
  CONTENT_DIGEST_MISMATCH: byIetf({ "content-digest": WRONG_DIGEST }),
  REPR_DIGEST_MISMATCH: byIetf({ "repr-digest": WRONG_DIGEST }),
  UPLOAD_SUPERSEDED: supersede,
  TUS_VERSION_UNSUPPORTED: withHeaders({ "tus-resumable": "0.2.2" }),
  FILE_TOO_LARGE: withHeaders({ "upload-length": FAR_TOO_LONG }),
  UPLOAD_BODY_TOO_LARGE: withHeaders({ "upload-length": "3" }),
  UPLOAD_CONTENT_TYPE_INVALID: withHeaders({ "content-type": "text/plain" }),
  FILE_TYPE_MISMATCH: withMetadata({ filename: "notes.png", filetype: "image/png" }),
  UPLOAD_CHECKSUM_MISMATCH: withHeaders({ "upload-checksum": WRONG_SHA1 }),
  STORE_UNAVAILABLE: storeTooMuch,
  QUOTA_EXCEEDED: exceedQuota,
  METHOD_NOT_ALLOWED: withHeaders({ "x-http-method-override": "PUT" }),
} as const satisfies Refusals;

const CREATION: Refusals = {
  ...SESSION,
  ...FIRST_BODY,
  ...replacements(replacing),
  UPLOAD_METADATA_INVALID: withHeaders({ "upload-metadata": "filename !" }),
  UPLOAD_CONCAT_INVALID: withHeaders({ "upload-concat": "whole" }),
  FILE_NAME_REQUIRED: withMetadata({ filetype: "text/plain" }),
  FILE_NAME_INVALID: withMetadata({ filename: ".." }),
  FILE_TYPE_REFUSED: withMetadata({ filename: "program.exe" }),
  async UPLOAD_FINAL({ ann }, good) {
    const partial = await finishedPartial(ann);
    return {
      ...good,
      headers: { ...APPEND, "upload-concat": `final;${partial}`, "upload-metadata": metadataHeader(TYPED) },
    };
  },
  GRANT_SCOPE: async (scene, good) => ({ ...good, by: (await scene.mintGrant({ maxBytes: 1 })).by }),
  async GRANT_USED(scene, good) {
    const { by } = await scene.mintGrant();
    await locationOf(postUpload(by, creationHeaders(5)));
    return { ...good, by };
  },
};

async function finishedPartial(caller: Caller): Promise<string> {
  const headers = { ...APPEND, "upload-length": "5", "upload-concat": "partial" };
  return locationOf(postUpload(caller, headers, CONTENT));
}

/** Ann's upload of five bytes, and a request about it. */
function ofUpload(method: string, headers: Readonly<Record<string, string>>, body: string | null = null) {
  return async ({ ann }: Scene): Promise<Ask> => {
    const path = await createUpload(ann, CONTENT.length, TYPED);
    return { by: ann, method, path, headers, body };
  };
}

/** The same request about another upload. */
function ofOther(makeUpload: (scene: Scene) => Promise<string>): Refusal {
  return async (scene, good) => ({ ...good, path: await makeUpload(scene) });
}

/** An upload whose parts the store has dropped, which is known since somebody went on with it. */
async function lostUpload({ stack, ann }: Scene): Promise<string> {
  return (await loseUpload(stack, ann)).location;
}

/** One that its own bytes have ended. */
function refusedUpload(code: "FILE_TYPE_MISMATCH" | "REPR_DIGEST_MISMATCH" | "UPLOAD_LENGTH_EXCEEDED") {
  return async ({ ann }: Scene): Promise<string> => {
    const isPicture = code === "FILE_TYPE_MISMATCH";
    const location = await begin(ann, {
      ...(isPicture
        ? { "content-type": "image/png", "content-disposition": 'inline; filename="a.png"' }
        : {}),
      ...(code === "REPR_DIGEST_MISMATCH" ? { "repr-digest": WRONG_DIGEST } : {}),
      ...(code === "UPLOAD_LENGTH_EXCEEDED" ? { "upload-length": "3" } : {}),
    });
    const complete = code === "UPLOAD_LENGTH_EXCEEDED" ? "?0" : "?1";
    const headers = { "content-type": PARTIAL_UPLOAD, "upload-offset": "0", "upload-complete": complete };
    const answer = await ann.fetch(location, {
      method: "PATCH",
      headers,
      body: "no picture, another digest, too long",
    });
    expect((await toldBy(answer)).code).toBe(code);
    return location;
  };
}

const finishedUpload = ({ ann }: Scene): Promise<string> =>
  locationOf(postUpload(ann, { ...creationHeaders(CONTENT.length, TYPED), ...APPEND }, CONTENT));

/** On a stack where uploads end after a second. */
const letExpire: Refusal = async ({ strict }, { method, headers = {}, body = null }): Promise<Told> => {
  const caller = await newCaller({ stack: strict });
  const location = await createUpload(caller, CONTENT.length, TYPED);
  const ask = () => caller.fetch(location, { method: "HEAD", headers: TUS });
  await expect.poll(async () => (await ask()).status, { interval: 50, timeout: 20_000 }).toBe(410);
  return toldBy(await caller.fetch(location, { method, headers: { ...headers }, body }));
};

/** What whoever asks about one upload can be told. A HEAD's answer has no body: its code is that of a GET. */
const OF_ONE: Refusals = {
  ...TOKEN,
  ...ERASING,
  SERVICE_UNAVAILABLE: askWithUnknownKey,
  UPLOAD_NOT_FOUND: (_scene, good) => ({ ...good, path: `/v1/uploads/${MISSING_ID}` }),
  UPLOAD_EXPIRED: letExpire,
  UPLOAD_LOST: ofOther(lostUpload),
  FILE_TYPE_MISMATCH: ofOther(refusedUpload("FILE_TYPE_MISMATCH")),
  REPR_DIGEST_MISMATCH: ofOther(refusedUpload("REPR_DIGEST_MISMATCH")),
  UPLOAD_LENGTH_EXCEEDED: ofOther(refusedUpload("UPLOAD_LENGTH_EXCEEDED")),
  TUS_VERSION_UNSUPPORTED: withHeaders({ "tus-resumable": "0.2.2" }),
  METHOD_NOT_ALLOWED: withHeaders({ "x-http-method-override": "PUT" }),
};

/** In the IETF's protocol: an append to an upload of the same that a creation with these headers begins. */
function appendByIetf(change: HeaderChange, creation: HeaderChange = {}): Refusal {
  return async ({ ann }) => {
    const headers = { "content-type": PARTIAL_UPLOAD, "upload-offset": "0", "upload-complete": "?1" };
    const path = await begin(ann, creation);
    return { by: ann, method: "PATCH", path, headers: changed(headers, change), body: CONTENT };
  };
}

/** An append to an upload whose length wasn't known before it. */
function telling(lengthBytes: string): Refusal {
  return async ({ ann }, good) => {
    const creation = changed(creationHeaders(0, TYPED), {
      "upload-length": undefined,
      "upload-defer-length": "1",
    });
    const path = await locationOf(postUpload(ann, creation));
    return { ...good, path, headers: { ...good.headers, "upload-length": lengthBytes } };
  };
}

const APPENDING: Refusals = {
  ...OF_ONE,
  UPLOAD_LENGTH_INVALID: telling("five"),
  UPLOAD_LENGTH_CONFLICT: withHeaders({ "upload-length": "9" }),
  UPLOAD_LENGTH_EXCEEDED: appendByIetf({ "upload-complete": "?0" }, { "upload-length": "3" }),
  UPLOAD_HEADER_INVALID: appendByIetf({ "upload-complete": undefined }),
  UPLOAD_CHECKSUM_INVALID: FIRST_BODY.UPLOAD_CHECKSUM_INVALID,
  UPLOAD_CHECKSUM_MISMATCH: FIRST_BODY.UPLOAD_CHECKSUM_MISMATCH,
  CONTENT_DIGEST_MISMATCH: appendByIetf({ "content-digest": WRONG_DIGEST }),
  REPR_DIGEST_MISMATCH: appendByIetf({}, { "repr-digest": WRONG_DIGEST }),
  UPLOAD_OFFSET_INVALID: withHeaders({ "upload-offset": "-1" }),
  UPLOAD_OFFSET_MISMATCH: withHeaders({ "upload-offset": "3" }),
  UPLOAD_CONTENT_TYPE_INVALID: withHeaders({ "content-type": "text/plain" }),
  UPLOAD_BODY_TOO_LARGE: withBody("more than five bytes"),
  FILE_TOO_LARGE: telling(FAR_TOO_LONG),
  async FILE_TYPE_MISMATCH({ ann }, good) {
    const picture = { filename: "notes.png", filetype: "image/png" };
    return { ...good, path: await createUpload(ann, CONTENT.length, picture) };
  },
  async QUOTA_EXCEEDED(scene, good) {
    await scene.setQuota(100);
    return telling("101")(scene, good);
  },
  async UPLOAD_SUPERSEDED(scene, good) {
    const request = await sendAllButTheEnd(scene, good);
    const { ann } = scene;
    await expect.poll(() => headOffset(ann, good.path), { interval: 10, timeout: 10_000 }).toBe(4);
    return toldOn(request);
  },
  UPLOAD_LOST: ofOther(lostUpload),
  async UPLOAD_FINAL({ ann }, good) {
    const partial = await finishedPartial(ann);
    const headers = { ...TUS, "upload-concat": `final;${partial}`, "upload-metadata": metadataHeader(TYPED) };
    return { ...good, path: await locationOf(postUpload(ann, headers)) };
  },
  UPLOAD_COMPLETED: async (scene) => ({
    ...{ by: scene.ann, method: "PATCH", path: await finishedUpload(scene), body: null },
    headers: { "content-type": PARTIAL_UPLOAD, "upload-offset": "5", "upload-complete": "?0" },
  }),
  async STORE_UNAVAILABLE(scene, good) {
    const ask = await storeTooMuch(scene, good);
    return { ...ask, path: await createUpload(scene.ann, MAX_APPEND_BYTES, TYPED) };
  },
};

const FORM_TYPE = "multipart/form-data; boundary=b";

export const UPLOADS: RefusalTable = {
  "OPTIONS /v1/uploads": { good: () => ({ method: "OPTIONS", path: "/v1/uploads" }), refusals: {} },
  "POST /v1/uploads": {
    good: ({ ann }) => ({
      ...{ by: ann, method: "POST", path: "/v1/uploads", body: CONTENT },
      headers: { ...creationHeaders(CONTENT.length, TYPED), ...APPEND },
    }),
    refusals: CREATION,
  },
  "OPTIONS /v1/uploads/{id}": { good: ofUpload("OPTIONS", {}), refusals: {} },
  "HEAD /v1/uploads/{id}": { good: ofUpload("HEAD", TUS), refusals: OF_ONE },
  "GET /v1/uploads/{id}": {
    good: ofUpload("GET", {}),
    refusals: { ...OF_ONE, METHOD_NOT_ALLOWED: withHeaders(TUS) },
  },
  "PATCH /v1/uploads/{id}": {
    good: ofUpload("PATCH", { ...APPEND, "upload-offset": "0" }, CONTENT),
    refusals: APPENDING,
  },
  "DELETE /v1/uploads/{id}": {
    good: ofUpload("DELETE", TUS),
    refusals: { ...OF_ONE, UPLOAD_COMPLETED: ofOther(finishedUpload) },
  },
  "POST /v1/files": {
    good: ({ ann }) => ({
      ...{ by: ann, method: "POST", path: "/v1/files", body: CONTENT },
      headers: { "content-type": "text/plain", "content-disposition": 'attachment; filename="notes.txt"' },
    }),
    refusals: {
      ...SESSION,
      ...replacements(replacingByQuery),
      FORM_INVALID: withHeaders({ "content-type": FORM_TYPE }),
      BODY_INCOMPLETE: endEarly,
      CONTENT_DIGEST_MISMATCH: withHeaders({ "content-digest": WRONG_DIGEST }),
      REPR_DIGEST_MISMATCH: withHeaders({ "repr-digest": WRONG_DIGEST }),
      FILE_NAME_REQUIRED: withHeaders({ "content-disposition": "attachment; filename*=UTF-8''%20" }),
      FILE_NAME_INVALID: withHeaders({ "content-disposition": 'attachment; filename=".."' }),
      UPLOAD_METADATA_INVALID: (_scene, good) => ({ ...good, path: `${good.path}?entityType=No%20Type` }),
      UPLOAD_HEADER_INVALID: withHeaders({ "upload-complete": "?0" }),
      UPLOAD_SUPERSEDED: supersede,
      FILE_TOO_LARGE: async (scene, good) => {
        await scene.changeSettings({ maxBytes: { document: 3 } });
        return good;
      },
      UPLOAD_BODY_TOO_LARGE: announceTooMuch,
      FILE_TYPE_REFUSED: withHeaders({ "content-disposition": 'attachment; filename="program.exe"' }),
      FILE_TYPE_MISMATCH: withHeaders({
        "content-type": "image/png",
        "content-disposition": 'attachment; filename="a.png"',
      }),
      QUOTA_EXCEEDED: exceedQuota,
      STORE_UNAVAILABLE: storeTooMuch,
    },
  },
};
