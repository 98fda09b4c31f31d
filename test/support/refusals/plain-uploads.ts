import type { Caller } from "../api.ts";
import { openRequest } from "../raw-request.ts";
import { IDEMPOTENT } from "./idempotency.ts";
import { replacements } from "./replacements.ts";
import type { Scene } from "./scene.ts";
import { MAX_APPEND_BYTES } from "./scene.ts";
import {
  CONTENT,
  ENCRYPTED,
  endEarly,
  exceedOpenUploads,
  exceedQuota,
  storeTooMuch,
  supersede,
  toldOn,
  withHeaders,
  WRONG_DIGEST,
} from "./sending.ts";
import type { Refusal, RefusalTable } from "./table.ts";
import { SESSION } from "./table.ts";

const FORM_TYPE = "multipart/form-data; boundary=b";

/** A body that says it is more than any may be: nobody waits for it. */
const announceTooMuch: Refusal = async ({ stack }, { method, path, headers, by }) => {
  const request = await openRequest(new URL(path, stack.url), method, {
    ...headers,
    authorization: `Bearer ${by?.token ?? ""}`,
    "content-length": String(MAX_APPEND_BYTES + 1),
  });
  return toldOn(request);
};

/** The fields of an upload are in the query. */
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

export const PLAIN_UPLOADS: RefusalTable = {
  "POST /v1/files": {
    good: ({ ann }) => ({
      ...{ by: ann, method: "POST", path: "/v1/files", body: CONTENT },
      headers: { "content-type": "text/plain", "content-disposition": 'attachment; filename="notes.txt"' },
    }),
    refusals: {
      ...SESSION,
      ...IDEMPOTENT,
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
      CONTENT_ENCRYPTED: (_scene, good) => ({
        ...{ ...good, body: ENCRYPTED },
        headers: {
          "content-type": "application/zip",
          "content-disposition": 'attachment; filename="a.zip"',
        },
      }),
      GRANT_SCOPE: async (scene, good) => ({ ...good, by: await scene.grantEntity(["list"]) }),
      QUOTA_EXCEEDED: exceedQuota,
      OPEN_UPLOADS_EXCEEDED: exceedOpenUploads,
      STORE_UNAVAILABLE: storeTooMuch,
    },
  },
};
