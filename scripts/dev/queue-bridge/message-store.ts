import type { Backlog, LeasedMessage, OutgoingMessage, QueueCounts, Retry, Settlement } from "./messages.ts";
import { createTables } from "./schema.ts";

/** How long an acknowledged message is remembered. Acknowledging it again after that gives a warning, no more. */
const ACKED_RETENTION_MS = 3_600_000;

interface MessageStoreOptions {
  /** The only clock: every state depends on it. */
  readonly now: () => number;
  readonly maxRetries: number;
}

/** The messages of one queue, in SQLite. Every method is synchronous, so a Durable Object runs each as one step. */
export class MessageStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #options: MessageStoreOptions;

  constructor(storage: DurableObjectStorage, options: MessageStoreOptions) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#options = options;
    createTables(this.#sql);
  }

  /** Stores new messages, all or none. */
  add(messages: readonly OutgoingMessage[]): void {
    this.#step((nowMs) => {
      for (const message of messages) this.#insert(message, nowMs);
    });
  }

  /** Leases up to `batchSize` deliverable messages, those waiting longest first, and counts the delivery. */
  lease(batchSize: number, visibilityTimeoutMs: number): LeasedMessage[] {
    return this.#step((nowMs) =>
      this.#findVisibleIds(batchSize, nowMs).map((id) => this.#leaseOne(id, nowMs + visibilityTimeoutMs)),
    );
  }

  /**
   * Acknowledges and retries messages by lease.
   *
   * An acknowledgement is accepted after the lease has run out, and also when another consumer holds or has
   * acknowledged the message meanwhile
   * (https://developers.cloudflare.com/queues/configuration/pull-consumers/#4-acknowledge-messages). A retry, of which
   * the page says nothing, counts only for the newest lease: an old consumer can't take the message from a new one.
   */
  settle(acks: readonly string[], retries: readonly Retry[]): Settlement {
    return this.#step((nowMs) => {
      const failedAcks = acks.flatMap((leaseId) => toWarning(leaseId, this.#acknowledge(leaseId, nowMs)));
      const failedRetries = retries.flatMap((retry) => toWarning(retry.leaseId, this.#retry(retry, nowMs)));
      return {
        ackedCount: acks.length - failedAcks.length,
        retriedCount: retries.length - failedRetries.length,
        warnings: Object.fromEntries([...failedAcks, ...failedRetries]),
      };
    });
  }

  /**
   * Ends every lease at once, for a time when no consumer is alive, and returns how many. The delivery counts as that
   * of a lease that ran out, no more and no less: a message that kills its consumers must be dead one day.
   */
  release(): number {
    return this.#step((nowMs) => {
      const released = this.#sql
        .exec("UPDATE messages SET visible_at_ms = ? WHERE state = 'leased' RETURNING id", nowMs)
        .toArray();
      this.#endLapsedLeases(nowMs);
      return released.length;
    });
  }

  /** How much isn't acknowledged yet, leased and delayed messages included, dead ones not. */
  measureBacklog(): Backlog {
    return this.#step(() =>
      this.#sql
        .exec<{ count: number; sizeBytes: number; oldestSentAtMs: number }>(
          `SELECT COUNT(*) AS count, COALESCE(SUM(size_bytes), 0) AS sizeBytes,
                  COALESCE(MIN(sent_at_ms), 0) AS oldestSentAtMs
           FROM messages WHERE state IN ('waiting', 'leased')`,
        )
        .one(),
    );
  }

  /** How many messages are in each state now. */
  count(): QueueCounts {
    return this.#step((nowMs) =>
      this.#sql
        .exec<{
          visible: number;
          leased: number;
          delayed: number;
          dead: number;
          oldestVisibleAtMs: number | null;
        }>(
          `SELECT COUNT(*) FILTER (WHERE state = 'waiting' AND visible_at_ms <= ?1) AS visible,
                  COUNT(*) FILTER (WHERE state = 'leased') AS leased,
                  COUNT(*) FILTER (WHERE state = 'waiting' AND visible_at_ms > ?1) AS delayed,
                  COUNT(*) FILTER (WHERE state = 'dead') AS dead,
                  MIN(visible_at_ms) FILTER (WHERE state = 'waiting' AND visible_at_ms <= ?1) AS oldestVisibleAtMs
           FROM messages`,
          nowMs,
        )
        .one(),
    );
  }

  /** Runs one operation in a transaction, on states that are true at its time. */
  #step<T>(operate: (nowMs: number) => T): T {
    return this.#storage.transactionSync(() => {
      const nowMs = this.#options.now();
      this.#endLapsedLeases(nowMs);
      this.#forgetAcked(nowMs);
      return operate(nowMs);
    });
  }

  #endLapsedLeases(nowMs: number): void {
    this.#sql.exec(
      `UPDATE messages SET state = CASE WHEN attempts >= ? THEN 'dead' ELSE 'waiting' END
       WHERE state = 'leased' AND visible_at_ms <= ?`,
      this.#options.maxRetries,
      nowMs,
    );
  }

  #forgetAcked(nowMs: number): void {
    this.#sql.exec(
      "DELETE FROM messages WHERE state = 'acked' AND acked_at_ms <= ?",
      nowMs - ACKED_RETENTION_MS,
    );
  }

  #insert({ contentType, body, sizeBytes, delaySeconds }: OutgoingMessage, nowMs: number): void {
    // 32 hexadecimal digits, as Cloudflare's ids.
    const id = crypto.randomUUID().replaceAll("-", "");
    this.#sql.exec(
      `INSERT INTO messages (id, content_type, body, size_bytes, sent_at_ms, visible_at_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
      ...[id, contentType, body, sizeBytes, nowMs, nowMs + delaySeconds * 1000],
    );
  }

  #findVisibleIds(limit: number, nowMs: number): string[] {
    const rows = this.#sql.exec<{ id: string }>(
      `SELECT id FROM messages WHERE state = 'waiting' AND visible_at_ms <= ?
       ORDER BY visible_at_ms, rowid LIMIT ?`,
      nowMs,
      limit,
    );
    return rows.toArray().map(({ id }) => id);
  }

  #leaseOne(id: string, visibleAtMs: number): LeasedMessage {
    const leaseId = crypto.randomUUID();
    this.#sql.exec("INSERT INTO leases (lease_id, message_id) VALUES (?, ?)", leaseId, id);
    return this.#sql
      .exec<{
        id: string;
        leaseId: string;
        contentType: string;
        body: string;
        attempts: number;
        sentAtMs: number;
      }>(
        `UPDATE messages SET state = 'leased', attempts = attempts + 1, lease_id = ?, visible_at_ms = ? WHERE id = ?
         RETURNING id, lease_id AS leaseId, content_type AS contentType, body, attempts, sent_at_ms AS sentAtMs`,
        ...[leaseId, visibleAtMs, id],
      )
      .one();
  }

  /** Returns why nothing was done, or undefined. */
  #acknowledge(leaseId: string, nowMs: number): string | undefined {
    const message = this.#findByLease(leaseId);
    if (message === undefined) return "unknown lease";
    if (message.state === "dead") return "message is dead";
    if (message.state === "acked") return undefined;
    this.#sql.exec(
      "UPDATE messages SET state = 'acked', body = '', acked_at_ms = ? WHERE id = ?",
      nowMs,
      message.id,
    );
    return undefined;
  }

  /** Returns why nothing was done, or undefined. */
  #retry({ leaseId, delaySeconds }: Retry, nowMs: number): string | undefined {
    const message = this.#findByLease(leaseId);
    if (message === undefined) return "unknown lease";
    if (message.newestLeaseId !== leaseId) return "message was delivered again";
    if (message.state === "dead" || message.state === "acked") return `message is ${message.state}`;
    this.#sql.exec(
      `UPDATE messages SET state = CASE WHEN attempts >= ? THEN 'dead' ELSE 'waiting' END, visible_at_ms = ?
       WHERE id = ?`,
      ...[this.#options.maxRetries, nowMs + delaySeconds * 1000, message.id],
    );
    return undefined;
  }

  #findByLease(leaseId: string): { id: string; state: string; newestLeaseId: string } | undefined {
    const rows = this.#sql.exec<{ id: string; state: string; newestLeaseId: string }>(
      `SELECT id, state, messages.lease_id AS newestLeaseId
       FROM leases JOIN messages ON id = message_id WHERE leases.lease_id = ?`,
      leaseId,
    );
    return rows.toArray()[0];
  }
}

function toWarning(leaseId: string, warning: string | undefined): [string, string][] {
  return warning === undefined ? [] : [[leaseId, warning]];
}
