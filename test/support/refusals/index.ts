import { ADMINISTRATION } from "./admin.ts";
import { CREATIONS } from "./creations.ts";
import { DELIVERY } from "./delivery.ts";
import { FILES } from "./files.ts";
import { GRANTS } from "./grants.ts";
import { LIVE } from "./live.ts";
import { PLAIN_UPLOADS } from "./plain-uploads.ts";
import { SHARING } from "./sharing.ts";
import type { RefusalTable } from "./table.ts";
import { UPLOADS } from "./uploads.ts";

/** Every operation that can refuse something, with a way to be refused for each of its reasons. */
export const REFUSALS: RefusalTable = {
  ...CREATIONS,
  ...UPLOADS,
  ...PLAIN_UPLOADS,
  ...FILES,
  ...GRANTS,
  ...LIVE,
  ...SHARING,
  ...DELIVERY,
  ...ADMINISTRATION,
};
