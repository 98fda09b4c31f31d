import { expect } from "vitest";
import { APPEND, createUpload, creationHeaders, headOffset, metadataHeader, newCaller, TUS } from "../api.ts";
import { loseUpload } from "../faulty/lost-upload.ts";
import { begin, PARTIAL_UPLOAD } from "../ietf.ts";
import type { HeaderChange } from "../tus.ts";
import { changed, locationOf, postUpload } from "../tus.ts";
import type { Ask, Scene, Told } from "./scene.ts";
import { MAX_APPEND_BYTES, MISSING_ID, toldBy } from "./scene.ts";
import {
  CONTENT,
  ENCRYPTED,
  FAR_TOO_LONG,
  finishedPartial,
  sendAllButTheEnd,
  storeTooMuch,
  toldOn,
  TYPED,
  withHeaders,
  WRONG_CHECKSUM,
  WRONG_DIGEST,
} from "./sending.ts";
import type { Refusal, Refusals, RefusalTable } from "./table.ts";
import { askWithUnknownKey, ERASING, TOKEN, withBody } from "./table.ts";

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

type Ending = "FILE_TYPE_MISMATCH" | "CONTENT_ENCRYPTED" | "REPR_DIGEST_MISMATCH" | "UPLOAD_LENGTH_EXCEEDED";

function named(type: string, filename: string) {
  return { "content-type": type, "content-disposition": `inline; filename="${filename}"` };
}

/** How an upload begins that ends so. */
const ENDED_CREATIONS: Readonly<Record<Ending, HeaderChange>> = {
  FILE_TYPE_MISMATCH: named("image/png", "a.png"),
  CONTENT_ENCRYPTED: named("application/zip", "a.zip"),
  REPR_DIGEST_MISMATCH: { "repr-digest": WRONG_DIGEST },
  UPLOAD_LENGTH_EXCEEDED: { "upload-length": "3" },
};

/** One that its own bytes have ended. */
function refusedUpload(code: Ending) {
  return async ({ ann }: Scene): Promise<string> => {
    const location = await begin(ann, ENDED_CREATIONS[code]);
    const complete = code === "UPLOAD_LENGTH_EXCEEDED" ? "?0" : "?1";
    const headers = { "content-type": PARTIAL_UPLOAD, "upload-offset": "0", "upload-complete": complete };
    const body = code === "CONTENT_ENCRYPTED" ? ENCRYPTED : "no picture, another digest, too long";
    const answer = await ann.fetch(location, { method: "PATCH", headers, body });
    expect((await toldBy(answer)).code).toBe(code);
    return location;
  };
}

const finishedUpload = ({ ann }: Pick<Scene, "ann">): Promise<string> =>
  locationOf(postUpload(ann, { ...creationHeaders(CONTENT.length, TYPED), ...APPEND }, CONTENT));

/** About a grant's upload, by that grant, when its file has a second version. */
const byGrantOfReplaced: Refusal = async (scene, good) => {
  const { by, fileId } = await scene.mintGrant({ userId: "ann" });
  const path = await finishedUpload({ ann: by });
  await createUpload(scene.ann, CONTENT.length, { ...TYPED, replaces: fileId });
  return { ...good, by, path };
};

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
  CONTENT_ENCRYPTED: ofOther(refusedUpload("CONTENT_ENCRYPTED")),
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
  ...WRONG_CHECKSUM,
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
    await scene.setQuota(10_000);
    return telling("10001")(scene, good);
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

/** What is asked about an upload that is there. */
export const UPLOADS: RefusalTable = {
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
    refusals: { ...OF_ONE, GRANT_SCOPE: byGrantOfReplaced },
  },
};
