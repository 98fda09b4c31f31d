import type { Caller } from "../api.ts";
import { APPEND, creationHeaders, metadataHeader } from "../api.ts";
import type { HeaderChange } from "../tus.ts";
import { changed, locationOf, postUpload } from "../tus.ts";
import { IDEMPOTENT } from "./idempotency.ts";
import { replacements } from "./replacements.ts";
import type { Scene } from "./scene.ts";
import {
  CONTENT,
  ENCRYPTED,
  exceedOpenUploads,
  exceedQuota,
  FAR_TOO_LONG,
  finishedPartial,
  storeTooMuch,
  supersedeCreation,
  TYPED,
  withHeaders,
  WRONG_CHECKSUM,
  WRONG_DIGEST,
} from "./sending.ts";
import type { Refusal, Refusals, RefusalTable } from "./table.ts";
import { SESSION } from "./table.ts";

function withMetadata(metadata: Readonly<Record<string, string>>): Refusal {
  return withHeaders({ "upload-metadata": metadataHeader(metadata) });
}

/** In the IETF's protocol: a creation, which is complete unless its headers say otherwise. */
function byIetf(change: HeaderChange, body: string = CONTENT): Refusal {
  const headers = { "content-type": "text/plain", "content-disposition": 'attachment; filename="notes.txt"' };
  return ({ ann }, { path }) => ({ by: ann, method: "POST", path, headers: changed(headers, change), body });
}

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

/** Of a creation without content. */
function ofEmpty(refusal: Refusal): Refusal {
  return (scene, good) =>
    refusal(scene, { ...good, body: null, headers: creationHeaders(CONTENT.length, TYPED) });
}

const CREATION: Refusals = {
  ...SESSION,
  ...WRONG_CHECKSUM,
  ...replacements(replacing),
  UPLOAD_LENGTH_INVALID: withHeaders({ "upload-length": "five" }),
  UPLOAD_LENGTH_CONFLICT: byIetf({ "upload-length": "9" }),
  UPLOAD_LENGTH_EXCEEDED: byIetf({ "upload-complete": "?0", "upload-length": "3" }),
  UPLOAD_HEADER_INVALID: withHeaders({ "upload-length": undefined, "upload-defer-length": "2" }),
  CONTENT_DIGEST_MISMATCH: byIetf({ "content-digest": WRONG_DIGEST }),
  REPR_DIGEST_MISMATCH: byIetf({ "repr-digest": WRONG_DIGEST }),
  UPLOAD_SUPERSEDED: supersedeCreation,
  TUS_VERSION_UNSUPPORTED: withHeaders({ "tus-resumable": "0.2.2" }),
  FILE_TOO_LARGE: withHeaders({ "upload-length": FAR_TOO_LONG }),
  UPLOAD_BODY_TOO_LARGE: withHeaders({ "upload-length": "3" }),
  UPLOAD_CONTENT_TYPE_INVALID: withHeaders({ "content-type": "text/plain" }),
  FILE_TYPE_MISMATCH: withMetadata({ filename: "notes.png", filetype: "image/png" }),
  CONTENT_ENCRYPTED: (_scene, good) => ({
    ...{ ...good, body: ENCRYPTED },
    headers: changed(good.headers ?? {}, {
      "upload-length": String(ENCRYPTED.length),
      "upload-metadata": metadataHeader({ filename: "notes.zip" }),
    }),
  }),
  STORE_UNAVAILABLE: storeTooMuch,
  QUOTA_EXCEEDED: exceedQuota,
  OPEN_UPLOADS_EXCEEDED: exceedOpenUploads,
  METHOD_NOT_ALLOWED: withHeaders({ "x-http-method-override": "PUT" }),
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
  IDEMPOTENCY_KEY_INVALID: ofEmpty(IDEMPOTENT.IDEMPOTENCY_KEY_INVALID),
  IDEMPOTENCY_KEY_REUSED: ofEmpty(IDEMPOTENT.IDEMPOTENCY_KEY_REUSED),
  IDEMPOTENCY_KEY_IN_USE: ofEmpty(IDEMPOTENT.IDEMPOTENCY_KEY_IN_USE),
  GRANT_SCOPE: async (scene, good) => ({ ...good, by: (await scene.mintGrant({ maxBytes: 1 })).by }),
  async GRANT_USED(scene, good) {
    const { by } = await scene.mintGrant();
    await locationOf(postUpload(by, creationHeaders(5)));
    return { ...good, by };
  },
};

export const CREATIONS: RefusalTable = {
  "OPTIONS /v1/uploads": { good: () => ({ method: "OPTIONS", path: "/v1/uploads" }), refusals: {} },
  "POST /v1/uploads": {
    good: ({ ann }) => ({
      ...{ by: ann, method: "POST", path: "/v1/uploads", body: CONTENT },
      headers: { ...creationHeaders(CONTENT.length, TYPED), ...APPEND },
    }),
    refusals: CREATION,
  },
};
