import { integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { tenantId } from "./columns.ts";

/**
 * Requests that came with an `Idempotency-Key`, for a day. Neither the key nor an answer can be read from here: the key is a
 * hash, and an answer, which may have a token in it, is encrypted. Ids ascend with time: the oldest are found by them.
 */
export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    id: integer("id").primaryKey(),
    tenantId: tenantId(),
    /** Of the user, the operation and the key. */
    keyHash: text("key_hash").notNull(),
    /** Of the request: another one by the same key is told from it. */
    fingerprint: text("fingerprint").notNull(),
    /** Of what was answered with something that is good for less than a day: a day before its end. */
    begunAtMs: integer("begun_at_ms").notNull(),
    /** Null while the request is under way. */
    answer: text("answer"),
  },
  (t) => [uniqueIndex("idempotency_keys_by_key").on(t.tenantId, t.keyHash)],
);
