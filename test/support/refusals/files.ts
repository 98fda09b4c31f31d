import { createUpload } from "../api.ts";
import type { Ask, Scene } from "./scene.ts";
import type { Refusal, Refusals, RefusalTable } from "./table.ts";
import {
  breakReading,
  FILE,
  GRANTED,
  IN_TRASH,
  json,
  MISSING_FILE,
  NOT_CLEAN,
  BODY,
  RANGE,
  SESSION,
  VIEWED,
  withBody,
  withQuery,
} from "./table.ts";

/** A request by Ann about her clean file, whose id is for the braces. */
function ofFile(method: string, path: string, body?: object) {
  return async (scene: Scene): Promise<Ask> => {
    const filled = path.replace("{id}", await scene.addCleanFile());
    return body === undefined
      ? { by: scene.ann, method, path: filled }
      : json(scene.ann, method, filled, body);
  };
}

/** The same about a file with two versions. */
function ofVersion(method: string, path: string) {
  return async (scene: Scene): Promise<Ask> => {
    const ask = await ofFile(method, path)(scene);
    await scene.addVersion();
    return ask;
  };
}

const NO_SUCH_VARIANT: Refusals = {
  VARIANT_NOT_FOUND: withQuery("variant=poster"),
  // Of a text, on a stack where nobody makes it.
  VARIANT_BEING_MADE: withQuery("variant=thumbnail"),
};
const NO_SUCH_PARAMETER: Refusals = { REQUEST_INVALID: withQuery("disposition=sideways") };

const CONTENT: Refusals = {
  ...FILE,
  ...NOT_CLEAN,
  ...RANGE,
  ...NO_SUCH_VARIANT,
  ...NO_SUCH_PARAMETER,
  STORE_UNAVAILABLE: breakReading,
};

/** Version 9 in the place of the one that is there. */
const noSuchVersion: Refusal = (_scene, good) => ({
  ...good,
  path: good.path.replace(/\/versions\/\d+/, "/versions/9"),
});

/** By whoever has a grant for uploads and nothing else. */
const byUploader: Refusal = async (scene, good) => ({ ...good, by: await scene.grantEntity(["upload"]) });

export const FILES: RefusalTable = {
  "GET /v1/files": {
    good: ({ ann }) => ({ by: ann, method: "GET", path: "/v1/files" }),
    refusals: {
      ...SESSION,
      REQUEST_INVALID: withQuery("limit=many"),
      ROLE_REQUIRED: withQuery("scope=all"),
      GRANT_SCOPE: byUploader,
    },
  },
  "GET /v1/files/{id}": {
    good: ofFile("GET", "/v1/files/{id}"),
    refusals: { ...SESSION, ...MISSING_FILE },
  },
  "PATCH /v1/files/{id}": {
    good: ofFile("PATCH", "/v1/files/{id}", { filename: "other.txt" }),
    refusals: {
      ...FILE,
      ...IN_TRASH,
      ...BODY,
      FILE_NAME_INVALID: withBody(JSON.stringify({ filename: ".." })),
      FILE_TYPE_REFUSED: withBody(JSON.stringify({ filename: "program.exe" })),
      PUBLIC_FILES_OFF: async (scene, good) => {
        await scene.changeSettings({ publicFiles: false });
        return { ...good, body: JSON.stringify({ isPublic: true }) };
      },
    },
  },
  "DELETE /v1/files/{id}": {
    good: ofFile("DELETE", "/v1/files/{id}"),
    refusals: { ...FILE, REQUEST_INVALID: withQuery("permanent=perhaps") },
  },
  "GET /v1/files/{id}/content": { good: ofFile("GET", "/v1/files/{id}/content"), refusals: CONTENT },
  "POST /v1/files/bulk": {
    good: async (scene) =>
      json(scene.ann, "POST", "/v1/files/bulk", { action: "delete", fileIds: [await scene.addCleanFile()] }),
    refusals: { ...SESSION, ...BODY },
  },
  "POST /v1/files/{id}/restore": {
    async good(scene) {
      const ask = await ofFile("POST", "/v1/files/{id}/restore")(scene);
      await scene.putIntoTrash();
      return ask;
    },
    refusals: {
      ...FILE,
      // To those that it was shared with, a file in the trash is gone: this one isn't in it.
      async PERMISSION_REQUIRED(scene) {
        const path = `/v1/files/${await scene.addCleanFile()}/restore`;
        await scene.letBobView();
        return { by: scene.bob, method: "POST", path };
      },
      async FILE_NOT_IN_TRASH(scene, good) {
        await scene.ann.fetch(good.path, { method: "POST" });
        return good;
      },
    },
  },
  "POST /v1/files/{id}/derivatives": {
    good: ofFile("POST", "/v1/files/{id}/derivatives", {}),
    refusals: { ...FILE, ...IN_TRASH, ...NOT_CLEAN, ...BODY },
  },
  "GET /v1/files/{id}/versions/{version}": {
    good: ofVersion("GET", "/v1/files/{id}/versions/1"),
    refusals: { ...GRANTED, ...VIEWED, VERSION_NOT_FOUND: noSuchVersion },
  },
  "GET /v1/files/{id}/versions": {
    good: ofVersion("GET", "/v1/files/{id}/versions"),
    refusals: { ...FILE, REQUEST_INVALID: withQuery("limit=0") },
  },
  "POST /v1/files/{id}/versions/{version}/restore": {
    good: ofVersion("POST", "/v1/files/{id}/versions/1/restore"),
    refusals: { ...FILE, ...IN_TRASH, ...NOT_CLEAN, VERSION_NOT_FOUND: noSuchVersion },
  },
  "DELETE /v1/files/{id}/versions/{version}": {
    good: ofVersion("DELETE", "/v1/files/{id}/versions/1"),
    refusals: {
      ...FILE,
      ...IN_TRASH,
      VERSION_NOT_FOUND: noSuchVersion,
      VERSION_CURRENT: (_scene, good) => ({ ...good, path: good.path.replace(/1$/, "2") }),
      async FILE_NOT_READY(scene, good) {
        await createUpload(scene.ann, 5, { filename: "notes.txt", replaces: scene.fileId });
        return { ...good, path: good.path.replace(/1$/, "3") };
      },
    },
  },
  "GET /v1/files/{id}/versions/{version}/content": {
    good: ofVersion("GET", "/v1/files/{id}/versions/1/content"),
    refusals: { ...CONTENT, VERSION_NOT_FOUND: noSuchVersion },
  },
  "POST /v1/entities/counts": {
    good: ({ ann }) =>
      json(ann, "POST", "/v1/entities/counts", { items: [{ entityType: "lead", entityId: "7" }] }),
    refusals: {
      ...SESSION,
      ...BODY,
      ROLE_REQUIRED: (_scene, good) => ({ ...good, body: `{"scope":"all",${good.body?.slice(1) ?? ""}` }),
      GRANT_SCOPE: byUploader,
    },
  },
  "GET /v1/upload-rules": {
    good: ({ ann }) => ({ by: ann, method: "GET", path: "/v1/upload-rules" }),
    refusals: GRANTED,
  },
  "GET /v1/quota": {
    good: ({ ann }) => ({ by: ann, method: "GET", path: "/v1/quota" }),
    refusals: SESSION,
  },
  "POST /v1/signed-urls": {
    good: async (scene) =>
      json(scene.ann, "POST", "/v1/signed-urls", { items: [{ fileId: await scene.addCleanFile() }] }),
    refusals: {
      ...FILE,
      ...NOT_CLEAN,
      ...BODY,
      VARIANT_NOT_FOUND: (scene, good) => ({
        ...good,
        body: JSON.stringify({ items: [{ fileId: scene.fileId, variant: "poster" }] }),
      }),
    },
  },
};
