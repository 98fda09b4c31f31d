import type { RefusalTable } from "./table.ts";
import { BODY, json, SESSION } from "./table.ts";

const CONTACT = { entityType: "contact", entityId: "c-1" };

/** What opens a socket that tells what changes. */
export const LIVE: RefusalTable = {
  "POST /v1/live/tickets": {
    good: ({ ann }) => json(ann, "POST", "/v1/live/tickets", CONTACT),
    refusals: {
      ...SESSION,
      ...BODY,
      async ROLE_REQUIRED(scene, good) {
        await scene.changeSettings({ entityAccess: "owner" });
        return good;
      },
      GRANT_SCOPE: async (scene, good) => ({ ...good, by: await scene.grantEntity(["upload"]) }),
    },
  },
};
