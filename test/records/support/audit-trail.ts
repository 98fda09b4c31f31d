import type { AuditPage, AuditQuery, AuditRecord } from "#contract/audit.ts";
import { newFileId } from "#contract/ids.ts";
import { getAuditPage } from "../../../worker/services/audit-pages.ts";
import { recordEvent } from "../../../worker/services/audit.ts";
import { archiveAudit } from "../../../worker/services/cron/audit-retention.ts";
import { Budget } from "../../../worker/services/cron/budget.ts";
import type { ObjectReader, ObjectWriter } from "../../../worker/storage/object-store.ts";
import type { Databases } from "./databases.ts";
import { newQuotaTenant } from "./quota-tenant.ts";

type Bindings = Databases["bindings"];

export const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;
/** The first day of the events. */
export const START_MS = Date.UTC(2026, 0, 1);

/** A bucket, as far as archives go. */
export function newBucket() {
  const objects = new Map<string, Uint8Array<ArrayBuffer>>();
  const writer: ObjectWriter & ObjectReader = {
    async put(key, body) {
      const pieces = [...body.pieces].map((piece) => new Uint8Array(piece));
      objects.set(key, new Uint8Array(await new Blob(pieces).arrayBuffer()));
      return { etag: "e", sizeBytes: body.sizeBytes };
    },
    head: async () => undefined,
    async get(key) {
      const bytes = objects.get(key);
      if (bytes === undefined) return undefined;
      const body = new Blob([bytes]).stream();
      return { body, etag: "e", sizeBytes: bytes.length, storedAtMs: 0 };
    },
  };
  return { objects, ...writer };
}

/** A tenant whose file was created long ago, with three events a day of the first five days, by two users. */
export async function newTrail(env: Bindings) {
  const tenant = newQuotaTenant(env);
  const { fileId } = await tenant.create(10);
  const bucket = newBucket();
  const row = await env.DB.prepare("SELECT number FROM tenants WHERE tenant_id = ?")
    .bind(tenant.tenantId)
    .first("number");
  for (let day = 0; day < 5; day += 1) {
    for (const [index, id] of ["ann", "bob", "ann"].entries()) {
      const atMs = START_MS + day * DAY_MS + index * 1000;
      const actor = { ...tenant.actor, id };
      await recordEvent(env, {
        actor,
        action: "file.read",
        fileId: index === 1 ? newFileId() : fileId,
        version: 1,
        atMs,
      });
    }
  }
  /** Cron, in the minute of the hour that is the tenant's. */
  const archiveOn = (day: number, from = env, budget = Budget.ofRun(Date.now())) => {
    const hourMs = START_MS + day * DAY_MS;
    return archiveAudit(from, bucket, hourMs + (Number(row) % 60) * MINUTE_MS, budget);
  };
  /** So many more events, of the sixth day. */
  const addEvents = (count: number) =>
    env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 17 UNION ALL SELECT i + 1 FROM n WHERE i < 16 + ?1)
       INSERT INTO audit_log (tenant_id, sequence, at_ms, action, actor_id, actor_kind)
       SELECT ?2, i, ?3, 'file.read', 'ann', 'member' FROM n`,
    )
      .bind(count, tenant.tenantId, START_MS + 5 * DAY_MS)
      .run();
  const page = (query: Partial<AuditQuery> = {}): Promise<AuditPage> =>
    getAuditPage(env, bucket, tenant.tenantId, { limit: 200, ...query });
  const all = async (query: Partial<AuditQuery> = {}) => {
    const items: AuditRecord[] = [];
    let cursor: string | undefined;
    do {
      const { nextCursor, ...found } = await page({ ...query, ...(cursor === undefined ? {} : { cursor }) });
      items.push(...found.items);
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
    return items;
  };
  const logged = async () =>
    (
      await env.DB.prepare("SELECT sequence FROM audit_log WHERE tenant_id = ? ORDER BY sequence")
        .bind(tenant.tenantId)
        .all()
    ).results.length;
  return { env, tenant, fileId, bucket, archiveOn, addEvents, page, all, logged };
}

/** The same databases, but that something is done before each query whose text has `part` in it. */
export function beforeQueries(env: Bindings, part: string, before: () => Promise<void>) {
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement =>
    ({
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      raw: async (...args: [{ columnNames: true }]) => {
        await before();
        return statement.raw(...args);
      },
    }) as D1PreparedStatement;
  const prepare = (query: string) =>
    query.includes(part) ? wrap(env.DB.prepare(query)) : env.DB.prepare(query);
  return { ...env, DB: { prepare } as unknown as D1Database };
}

/** The same databases, but that something is done before each batch. */
export function beforeBatches(env: Bindings, before: () => Promise<void>) {
  const slow = new Proxy(env.DB, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name === "batch") {
        return async (statements: D1PreparedStatement[]) => {
          await before();
          return target.batch(statements);
        };
      }
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { ...env, DB: slow };
}
