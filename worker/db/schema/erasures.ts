import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { ErasureId } from "../../contract/ids.ts";
import { tenantId } from "./columns.ts";

/** An object's key and size. */
export interface PendingObject {
  readonly key: string;
  readonly sizeBytes: number;
}

/** The erasure of all that a tenant had, and its proof. Stays when all else is gone. */
export const erasures = sqliteTable(
  "erasures",
  {
    tenantId: tenantId(),
    id: text("id").$type<ErasureId>().notNull(),
    requestedBy: text("requested_by").notNull(),
    reason: text("reason"),
    startedAtMs: integer("started_at_ms").notNull(),
    /** Since when nothing has been found any more; what may still land late is waited for from here. */
    emptyAtMs: integer("empty_at_ms"),
    finishedAtMs: integer("finished_at_ms"),
    /** What was removed so far. */
    files: integer("files").notNull().default(0),
    versions: integer("versions").notNull().default(0),
    objects: integer("objects").notNull().default(0),
    bytes: integer("bytes").notNull().default(0),
    /** SHA-256, chained over the keys of removed objects and the ids of removed files in the order of removal. */
    digest: text("digest").notNull(),
    /** Objects that are about to be removed and aren't counted yet: written down first, so that none counts twice. */
    pending: text("pending", { mode: "json" }).$type<readonly PendingObject[]>(),
    /** Of the proof, and by which key: made when the erasure is finished, and never again. */
    signature: text("signature"),
    kid: text("kid"),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
);
