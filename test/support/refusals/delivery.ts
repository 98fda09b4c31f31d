import { SignedDownload, signDownload } from "../../../worker/delivery/signed-url.ts";
import { signUrl } from "../api.ts";
import { publish } from "../file-states.ts";
import { createLink, taken } from "../sharing.ts";
import type { Ask, Scene } from "./scene.ts";
import { LINK } from "./sharing.ts";
import type { Refusal, Refusals, RefusalTable } from "./table.ts";
import { breakDatabase, breakReading, NOT_CLEAN, RANGE, withQuery } from "./table.ts";

const SERVING: Refusals = { ...RANGE, STORE_UNAVAILABLE: breakReading, SERVICE_UNAVAILABLE: breakDatabase };

const changeSignature: Refusal = (_scene, good) => ({
  ...good,
  path: good.path.replace(/sig=[^&]{4}/, "sig=0000"),
});

async function putIntoTrash(scene: Scene, good: Ask): Promise<Ask> {
  await scene.putIntoTrash();
  return good;
}

/** A URL for the current version as the product signs it, but of something else about it. */
async function signOther(scene: Scene, other: Partial<SignedDownload>): Promise<Ask> {
  const download = SignedDownload.parse({
    ...{ fileId: scene.fileId, tenantId: scene.ann.tenantId, version: 1 },
    ...{ variant: "original", disposition: "attachment", expiresAtSeconds: 4_000_000_000 },
    ...other,
  });
  return { method: "GET", path: await signDownload(download, "notes.txt", [scene.stack.signingKey]) };
}

/** A URL that was made through a share link. */
async function askThroughLink(scene: Scene): Promise<Ask> {
  const { url } = await createLink(scene.ann, scene.fileId);
  return { method: "GET", path: (await taken(url)).url };
}

/** What ends a link ends what was made through it. */
function throughLink(refusal: Refusal | undefined): Refusal {
  return async (scene, good) => {
    if (refusal === undefined) throw new Error("There is no such way to end a link.");
    const ask = await askThroughLink(scene);
    await refusal(scene, good);
    return ask;
  };
}

async function forgetLinks(scene: Scene, good: Ask): Promise<Ask> {
  await scene.stack.query("DELETE FROM share_links WHERE tenant_id = ?", scene.ann.tenantId);
  return good;
}

export const DELIVERY: RefusalTable = {
  "GET /d/{fileId}/{name}": {
    good: async (scene) => ({ method: "GET", path: await signUrl(scene.ann, await scene.addCleanFile()) }),
    refusals: {
      ...SERVING,
      ...NOT_CLEAN,
      SIGNATURE_INVALID: changeSignature,
      SIGNED_URL_REPLACED: async (scene, good) => {
        await scene.addVersion();
        return good;
      },
      SIGNED_URL_EXPIRED: (scene) => signOther(scene, { expiresAtSeconds: 1_000_000_000 }),
      FILE_NOT_FOUND: putIntoTrash,
      VARIANT_NOT_FOUND: (scene) => signOther(scene, { variant: "poster" }),
      VARIANT_BEING_MADE: (scene) => signOther(scene, { variant: "thumbnail" }),
      SHARE_LINKS_OFF: throughLink(LINK.SHARE_LINKS_OFF),
      SHARE_LINK_ENDED: throughLink(LINK.SHARE_LINK_ENDED),
      SHARE_LINK_NOT_FOUND: throughLink(forgetLinks),
    },
  },
  "GET /p/{fileId}/{name}": {
    good: async (scene) => ({ method: "GET", path: await publish(scene.ann, await scene.addCleanFile()) }),
    refusals: {
      ...SERVING,
      REQUEST_INVALID: withQuery("disposition=sideways"),
      SIGNATURE_INVALID: changeSignature,
      FILE_NOT_FOUND: putIntoTrash,
      VARIANT_NOT_FOUND: withQuery("variant=poster"),
      VARIANT_BEING_MADE: withQuery("variant=thumbnail"),
    },
  },
};
