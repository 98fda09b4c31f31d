import { MAX_ACTIVE_SHARE_LINKS, MAX_SHARES } from "#contract/sharing.ts";
import { newCaller } from "../api.ts";
import { uploadClean } from "../file-states.ts";
import type { Body } from "../sharing.ts";
import { createLink, listLinks, sendJson, take } from "../sharing.ts";
import { IDEMPOTENT } from "./idempotency.ts";
import type { Ask, Scene, Told } from "./scene.ts";
import { MISSING_ID, toldBy } from "./scene.ts";
import { endEarly } from "./sending.ts";
import type { Refusal, Refusals, RefusalTable } from "./table.ts";
import { breakDatabase, FILE, IN_TRASH, json, NOT_CLEAN, BODY, TOO_MUCH, withBody } from "./table.ts";

function ofFile(method: string, path: string, body?: Body) {
  return async (scene: Scene): Promise<Ask> => {
    const filled = `/v1/files/${await scene.addCleanFile()}${path}`;
    return body === undefined
      ? { by: scene.ann, method, path: filled }
      : json(scene.ann, method, filled, body);
  };
}

async function shareWithCarol(scene: Scene): Promise<void> {
  await sendJson(scene.ann, "PUT", `/v1/files/${scene.fileId}/shares/carol`, { permission: "view" });
}

async function shareWithMany(scene: Scene, good: Ask): Promise<Ask> {
  await scene.stack.query(
    `WITH RECURSIVE users (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM users WHERE n < ?)
     INSERT INTO shares (tenant_id, file_id, user_id, permission, shared_by, created_at_ms)
     SELECT ?, ?, 'user' || n, 'view', 'ann', 1 FROM users`,
    ...[MAX_SHARES, scene.ann.tenantId, scene.fileId],
  );
  return good;
}

async function linkManyTimes(scene: Scene, good: Ask): Promise<Ask> {
  for (let index = 0; index < MAX_ACTIVE_SHARE_LINKS; index += 1) await createLink(scene.ann, scene.fileId);
  return good;
}

/** A share link's page, asked as a program does. */
function ofLink(method: string, body?: Body, options: Body = {}) {
  return async (scene: Scene): Promise<Ask> => {
    const { url } = await createLink(scene.ann, await scene.addCleanFile(), options);
    const ask = { method, path: url, headers: { accept: "application/json" } };
    if (body === undefined) return ask;
    return {
      ...ask,
      headers: { ...ask.headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    };
  };
}

async function turnLinksOff(scene: Scene, good: Ask): Promise<Ask> {
  await scene.changeSettings({ shareLinks: false });
  return good;
}

async function revokeLinks(scene: Scene, good: Ask): Promise<Ask> {
  for (const { id } of await listLinks(scene.ann, scene.fileId)) {
    await scene.ann.fetch(`/v1/files/${scene.fileId}/share-links/${id}`, { method: "DELETE" });
  }
  return good;
}

/** What a link's end means for whatever was made through it. */
export const LINK: Refusals = { SHARE_LINKS_OFF: turnLinksOff, SHARE_LINK_ENDED: revokeLinks };

const PAGE: Refusals = {
  ...LINK,
  ...NOT_CLEAN,
  SERVICE_UNAVAILABLE: breakDatabase,
  SHARE_LINK_NOT_FOUND: (_scene, good) => ({ ...good, path: `/s/${MISSING_ID}` }),
  async FILE_NOT_FOUND(scene, good) {
    await scene.putIntoTrash();
    return good;
  },
};

/** Guesses at one link's password, on a stack where they are counted, until there were too many. */
const guessTooOften: Refusal = async ({ strict }): Promise<Told> => {
  const caller = await newCaller({ stack: strict });
  const fileId = await uploadClean(strict, caller);
  const { url } = await createLink(caller, fileId, { password: "correct horse" });
  for (let guesses = 0; guesses < 20; guesses += 1) {
    const told = await toldBy(await take(url, { password: `guess ${guesses}` }));
    if (told.status === 429) return told;
  }
  throw new Error("Nobody was told that it was too often.");
};

export const SHARING: RefusalTable = {
  "GET /v1/files/{id}/shares": { good: ofFile("GET", "/shares"), refusals: FILE },
  "PUT /v1/files/{id}/shares/{userId}": {
    good: ofFile("PUT", "/shares/carol", { permission: "view" }),
    refusals: { ...FILE, ...IN_TRASH, ...BODY, SHARE_LIMIT_REACHED: shareWithMany },
  },
  "DELETE /v1/files/{id}/shares/{userId}": {
    async good(scene) {
      const ask = await ofFile("DELETE", "/shares/carol")(scene);
      await shareWithCarol(scene);
      return ask;
    },
    refusals: {
      ...FILE,
      SHARE_NOT_FOUND: (_scene, good) => ({ ...good, path: good.path.replace("carol", "dave") }),
    },
  },
  "GET /v1/files/{id}/share-links": { good: ofFile("GET", "/share-links"), refusals: FILE },
  "POST /v1/files/{id}/share-links": {
    good: ofFile("POST", "/share-links", {}),
    refusals: {
      ...IDEMPOTENT,
      ...FILE,
      ...IN_TRASH,
      ...BODY,
      SHARE_LINKS_OFF: turnLinksOff,
      SHARE_LIMIT_REACHED: linkManyTimes,
    },
  },
  "DELETE /v1/files/{id}/share-links/{linkId}": {
    async good(scene) {
      const { id } = await createLink(scene.ann, await scene.addCleanFile());
      return { by: scene.ann, method: "DELETE", path: `/v1/files/${scene.fileId}/share-links/${id}` };
    },
    refusals: {
      ...FILE,
      SHARE_LINK_NOT_FOUND: (_scene, good) => ({ ...good, path: good.path.replace(/[^/]+$/, MISSING_ID) }),
    },
  },
  "GET /s/{token}": { good: ofLink("GET"), refusals: PAGE },
  "POST /s/{token}": {
    good: ofLink("POST", {}),
    refusals: {
      ...PAGE,
      ...TOO_MUCH,
      REQUEST_INVALID: withBody("{"),
      BODY_INCOMPLETE: endEarly,
      SHARE_PASSWORD_WRONG: ofLink("POST", {}, { password: "correct horse" }),
      RATE_LIMITED: guessTooOften,
    },
  },
};
