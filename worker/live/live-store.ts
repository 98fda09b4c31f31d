import type { UserId } from "#contract/ids.ts";
import type { LiveEvent, LiveFact } from "#contract/live.ts";
import { PASSING_FACTS } from "#contract/live.ts";
import { formatTime } from "#contract/times.ts";

/** How long what was told can be told again. */
export const KEPT_MS = 3_600_000;
/** How long it is known since when a user listens: a socket tells for an hour, and what came after that is kept. */
const KNOWN_MS = 2 * KEPT_MS;
/** And how much of what was told is kept: some 300 bytes each. */
export const MAX_KEPT = 1_000;
/** So many more may be there before the oldest go: to look for them at each would read all of them. */
const SPARE = 100;

const LISTENERS =
  "CREATE TABLE IF NOT EXISTS listeners (user_id TEXT PRIMARY KEY, since INTEGER, at_ms INTEGER)";

/** The row of what isn't an event. */
interface Standing {
  /** Every event behind this sequence is there. */
  readonly completeAfter: number;
  /** When somebody last began or ended to listen. */
  readonly heardAtMs: number;
}

/**
 * What a channel has told lately, in its object's SQLite. There is nothing at all, and nothing is written, until somebody
 * listens. Sequences are times in milliseconds, raised where two would be the same: so they rise though everything was
 * forgotten in between.
 */
export class LiveStore {
  readonly #storage: DurableObjectStorage;
  #standing: Standing | undefined;
  #last = 0;
  #count = 0;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#load();
  }

  /** Whether anybody listens, or has lately: only then is anything kept. */
  get isHeard(): boolean {
    return this.#standing !== undefined;
  }

  /** The sequence of what was told last. */
  get last(): number {
    return this.#last;
  }

  get heardAtMs(): number {
    return this.#standing?.heardAtMs ?? 0;
  }

  /**
   * A user begins to listen. From the sequence that is returned on they may be told what they miss: that which was the last
   * when they first listened, since nobody knows who might have listened before.
   */
  listen(userId: UserId, nowMs: number): number {
    this.hear(nowMs);
    const { sql } = this.#storage;
    return sql
      .exec<{ since: number }>(
        `INSERT INTO listeners VALUES (?, ?, ?) ON CONFLICT DO UPDATE
           SET since = iif(at_ms > ?, since, excluded.since), at_ms = excluded.at_ms RETURNING since`,
        userId,
        this.#last,
        nowMs,
        nowMs - KNOWN_MS,
      )
      .one().since;
  }

  /** Somebody begins or ends to listen. */
  hear(nowMs: number): void {
    const { sql } = this.#storage;
    if (this.#standing === undefined) {
      sql.exec("CREATE TABLE IF NOT EXISTS events (sequence INTEGER PRIMARY KEY, at_ms INTEGER, json TEXT)");
      sql.exec("CREATE TABLE IF NOT EXISTS standing (complete_after INTEGER, heard_at_ms INTEGER)");
      sql.exec("INSERT INTO standing VALUES (?, ?)", nowMs, nowMs);
      sql.exec(LISTENERS);
      this.#last = nowMs;
    } else {
      sql.exec("UPDATE standing SET heard_at_ms = ?", nowMs);
    }
    this.#standing = { completeAfter: this.#standing?.completeAfter ?? nowMs, heardAtMs: nowMs };
  }

  /** Keeps facts, where anybody could ask for them, and gives each its sequence. */
  append(facts: readonly LiveFact[], nowMs: number): readonly LiveEvent[] {
    if (this.#standing === undefined) return [];
    const events = facts.map((fact): LiveEvent => {
      const isPassing = PASSING_FACTS.has(fact.type);
      if (!isPassing) this.#last = Math.max(this.#last + 1, nowMs);
      const event = { ...fact, sequence: this.#last, at: formatTime(nowMs) };
      if (!isPassing) this.#insert(event, nowMs);
      return event;
    });
    if (this.#count > MAX_KEPT + SPARE) this.#prune("sequence <= ?", this.#sequenceBefore(MAX_KEPT));
    return events;
  }

  /** What was told behind a sequence; undefined where some of that isn't there any more. */
  since(sequence: number): readonly LiveEvent[] | undefined {
    const { completeAfter = Number.MAX_SAFE_INTEGER } = this.#standing ?? {};
    if (sequence < completeAfter || sequence > this.#last) return undefined;
    return this.#storage.sql
      .exec<{ json: string }>("SELECT json FROM events WHERE sequence > ? ORDER BY sequence", sequence)
      .toArray()
      .map(({ json }) => JSON.parse(json) as LiveEvent);
  }

  /** Forgets what is too old to be told again. */
  pruneOld(nowMs: number): void {
    if (this.#standing === undefined) return;
    this.#prune("at_ms <= ?", nowMs - KEPT_MS);
    this.#storage.sql.exec("DELETE FROM listeners WHERE at_ms <= ?", nowMs - KNOWN_MS);
  }

  /** Leaves nothing at all behind. */
  async forget(): Promise<void> {
    this.#standing = undefined;
    await this.#storage.deleteAll();
    this.#load();
  }

  #insert(event: LiveEvent, nowMs: number): void {
    const json = JSON.stringify(event);
    this.#storage.sql.exec("INSERT INTO events VALUES (?, ?, ?)", event.sequence, nowMs, json);
    this.#count += 1;
  }

  /** The sequence of the event that has so many behind it. */
  #sequenceBefore(count: number): number {
    const [row] = this.#storage.sql
      .exec<{ sequence: number }>(
        "SELECT sequence FROM events ORDER BY sequence DESC LIMIT 1 OFFSET ?",
        count,
      )
      .toArray();
    return row?.sequence ?? 0;
  }

  #prune(which: string, bound: number): void {
    const { sql } = this.#storage;
    this.#storage.transactionSync(() => {
      sql.exec(
        `UPDATE standing SET complete_after = max(complete_after,
           (SELECT coalesce(max(sequence), 0) FROM events WHERE ${which}))`,
        bound,
      );
      sql.exec(`DELETE FROM events WHERE ${which}`, bound);
    });
    this.#load();
  }

  #load(): void {
    const { sql } = this.#storage;
    this.#standing = undefined;
    this.#last = 0;
    this.#count = 0;
    const isThere = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'standing'").toArray().length > 0;
    if (!isThere) return;
    // An object may be older than what is known of its listeners.
    sql.exec(LISTENERS);
    const { standing, heard, last, count } = sql
      .exec<{ standing: number; heard: number; last: number; count: number }>(
        `SELECT complete_after AS standing, heard_at_ms AS heard, coalesce(max(sequence), 0) AS last,
           count(sequence) AS count FROM standing LEFT JOIN events`,
      )
      .one();
    this.#standing = { completeAfter: standing, heardAtMs: heard };
    this.#last = Math.max(last, standing);
    this.#count = count;
  }
}
