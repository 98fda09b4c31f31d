import { ADMINISTRATION } from "./admin.ts";
import { DELIVERY } from "./delivery.ts";
import { FILES } from "./files.ts";
import { SHARING } from "./sharing.ts";
import type { RefusalTable } from "./table.ts";
import { UPLOADS } from "./uploads.ts";

/** Every operation that can refuse something, with a way to be refused for each of its reasons. */
export const REFUSALS: RefusalTable = { ...UPLOADS, ...FILES, ...SHARING, ...DELIVERY, ...ADMINISTRATION };
