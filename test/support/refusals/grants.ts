import { IDEMPOTENT } from "./idempotency.ts";
import type { Ask, Scene } from "./scene.ts";
import { MISSING_ID } from "./scene.ts";
import type { Refusal, Refusals, RefusalTable } from "./table.ts";
import { BODY, byMember, IN_TRASH, inState, json, SESSION } from "./table.ts";

const ENTITY = { userId: "ann", entityType: "contact", entityId: "c-1", allow: ["list"] };

const MINTING: Refusals = { ...SESSION, ...BODY, ROLE_REQUIRED: byMember };

/** A grant for the next version of Ann's file. */
async function mintForVersion(scene: Scene): Promise<Ask> {
  return json(scene.backend, "POST", "/v1/upload-grants", { replaces: await scene.addCleanFile() });
}

function renewing(path: string, mint: (scene: Scene) => Promise<{ readonly token: string }>) {
  return async (scene: Scene) => json(scene.backend, "POST", path, { token: (await mint(scene)).token });
}

const forMissing: Refusal = (scene) =>
  json(scene.backend, "POST", "/v1/upload-grants", { replaces: MISSING_ID });

/** What lets somebody without a session in: made, and made to last longer. */
export const GRANTS: RefusalTable = {
  "POST /v1/upload-grants": {
    good: mintForVersion,
    refusals: {
      ...MINTING,
      ...IDEMPOTENT,
      ...IN_TRASH,
      FILE_NOT_FOUND: forMissing,
      FILE_NOT_READY: inState("uploading"),
      async VERSION_LIMIT_REACHED(scene, good) {
        await scene.changeSettings({ maxVersions: 1 });
        return good;
      },
    },
  },
  "POST /v1/upload-grants/renewals": {
    good: renewing("/v1/upload-grants/renewals", (scene) => scene.mintGrant()),
    refusals: MINTING,
  },
  "POST /v1/entity-grants": {
    good: ({ backend }) => json(backend, "POST", "/v1/entity-grants", ENTITY),
    refusals: { ...MINTING, ...IDEMPOTENT },
  },
  "POST /v1/entity-grants/renewals": {
    good: renewing("/v1/entity-grants/renewals", (scene) => scene.grantEntity(["list"])),
    refusals: MINTING,
  },
};
