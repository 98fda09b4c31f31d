import { sql } from "drizzle-orm";
import { check, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { REPLICA_STATES } from "../../contract/replicas.ts";
import { fileId, tenantId } from "./columns.ts";
import { ofVersion } from "./files.ts";

/**
 * Copies of clean versions that are wanted at a target, or are there. Triggers (see the migration "replicas") remove the
 * rows of what is clean no longer or is being removed, and write down what is to be removed at the target then: no
 * statement can forget that.
 */
export const replicas = sqliteTable(
  "replicas",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    version: integer("version").notNull(),
    target: text("target").notNull(),
    state: text("state", { enum: REPLICA_STATES }).notNull(),
    /** Of the version: a copy has the primary's key. */
    objectKey: text("object_key").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    /** When it was first wanted; lag is measured from here. */
    sinceMs: integer("since_ms").notNull(),
    /** When it came to be as it is; of what is stored, since when it is. */
    changedAtMs: integer("changed_at_ms").notNull(),
    tries: integer("tries").notNull().default(0),
    /** Why the last try came to nothing. */
    code: text("code"),
    detail: text("detail"),
    /** It isn't tried before. */
    retryAtMs: integer("retry_at_ms").notNull(),
    /** When its job is sent again, unless it is done by then; null where there is nothing to do. */
    announceAtMs: integer("announce_at_ms"),
    /** What was made of the version until then is there too, where its tenant wants that. */
    derivativesAtMs: integer("derivatives_at_ms"),
    /** Whose turn it is, until when. The time stays: a row with one may have left something at its target. */
    leaseId: text("lease_id"),
    leasedUntilMs: integer("leased_until_ms"),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.fileId, t.version, t.target] }),
    index("replicas_due")
      .on(t.announceAtMs)
      .where(sql`announce_at_ms IS NOT NULL`),
    ofVersion(t),
    check("replicas_state", sql`${t.state} IN ('pending', 'stored', 'failed')`),
  ],
);

/**
 * Copies of what is gone that are still to be removed at their targets. They outlive their files, and their tenant's erasure
 * isn't finished before they are gone.
 */
export const replicaRemovals = sqliteTable(
  "replica_removals",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    version: integer("version").notNull(),
    target: text("target").notNull(),
    objectKey: text("object_key").notNull(),
    sinceMs: integer("since_ms").notNull(),
    /** Until when a copy that was under way may still have landed: it is looked for once more after this. */
    settleAtMs: integer("settle_at_ms").notNull(),
    tries: integer("tries").notNull().default(0),
    code: text("code"),
    detail: text("detail"),
    /** It isn't tried before; while it is leased, when that ends. */
    nextAtMs: integer("next_at_ms").notNull(),
    leaseId: text("lease_id"),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.fileId, t.version, t.target] }),
    index("replica_removals_due").on(t.nextAtMs),
  ],
);

/** How far each target is behind, over all tenants and databases, counted by cron; kept in the first database. */
export const replicaLags = sqliteTable("replica_lags", {
  target: text("target").primaryKey(),
  pending: integer("pending").notNull(),
  pendingBytes: integer("pending_bytes").notNull(),
  failed: integer("failed").notNull(),
  oldestPendingAtMs: integer("oldest_pending_at_ms"),
  removals: integer("removals").notNull(),
  oldestRemovalAtMs: integer("oldest_removal_at_ms"),
  countedAtMs: integer("counted_at_ms").notNull(),
});
