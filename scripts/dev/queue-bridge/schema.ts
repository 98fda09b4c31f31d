/**
 * One row per message, from `send` to an hour after its acknowledgement.
 *
 * - `waiting`: deliverable from `visible_at_ms` on, which is later than `sent_at_ms` if it was sent with a delay
 * - `leased`: with a consumer until `visible_at_ms`
 * - `acked`: done; the row stays for a while, without its body, so that a message acknowledged twice is no error
 * - `dead`: failed too often; kept for a person to look at
 *
 * `leases` remembers every lease of a message, because Cloudflare accepts a late acknowledgement.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY,
    content_type TEXT NOT NULL CHECK (content_type IN ('text', 'json', 'bytes')),
    body TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'leased', 'acked', 'dead')),
    visible_at_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    lease_id TEXT,
    acked_at_ms INTEGER
  );
  CREATE INDEX IF NOT EXISTS messages_by_visibility ON messages (state, visible_at_ms);
  CREATE TABLE IF NOT EXISTS leases (
    lease_id TEXT PRIMARY KEY,
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE
  );
  CREATE INDEX IF NOT EXISTS leases_by_message ON leases (message_id);
`;

/** Creates the tables where they don't exist yet. */
export function createTables(sql: SqlStorage): void {
  sql.exec(SCHEMA);
}
