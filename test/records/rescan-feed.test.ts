import { beforeEach, expect, test } from "vitest";
import type { ProcessJob } from "#contract/jobs.ts";
import { feedRescans } from "../../worker/services/cron/rescan-feed.ts";
import { newBudget } from "./support/cron-budget.ts";
import { useDatabases } from "./support/databases.ts";

/** Cron's feeding of rescans, by rows alone: which versions are sent when. */
const databases = useDatabases("DB_2");
const first = () => databases.bindings.DB;
const second = () => databases.bindings["DB_2"] ?? first();
const TABLES = ["rescan_jobs", "rescans", "files", "processor_heartbeats", "tenants"];
const MINUTE_MS = 60_000;
const MIB = 2 ** 20;

const idOf = (n: number) => String(n).padStart(26, "0");
let nowMs = 0;

beforeEach(async () => {
  nowMs = 10 ** 12;
  for (const db of [first(), second()]) {
    await db.batch(TABLES.map((table) => db.prepare(`DELETE FROM ${table}`)));
  }
});

interface AddedFiles {
  readonly db?: D1Database;
  readonly tenant?: string;
  readonly sizeBytes?: number;
  readonly state?: string;
  readonly versions?: number;
}

/** Files with the ids and times of creation `from` … `to`, which have a number of versions each. */
async function addFiles(from: number, to: number, options: AddedFiles = {}): Promise<void> {
  const { db = first(), tenant = "acme", sizeBytes = 5, state = "clean", versions = 1 } = options;
  const each = JSON.stringify(Array.from({ length: to - from + 1 }, (_, index) => from + index));
  const numbers = JSON.stringify(Array.from({ length: versions }, (_, index) => index + 1));
  const id = "printf('%026d', n.value)";
  await db.batch([
    db.prepare("INSERT OR IGNORE INTO tenants (tenant_id, created_at_ms) VALUES (?, 1)").bind(tenant),
    db
      .prepare(
        `INSERT INTO files (tenant_id, id, owner_id, filename, current_version, created_at_ms, updated_at_ms)
         SELECT ?, ${id}, 'ann', 'a.png', 1, n.value, 1 FROM json_each(?) AS n`,
      )
      .bind(tenant, each),
    db
      .prepare(
        `INSERT INTO file_versions (tenant_id, file_id, version, state, declared_type, size_bytes, object_key, etag, created_at_ms)
         SELECT ?1, ${id}, v.value, ?2, 'image/png', ?3, 'k', 'e', 1 FROM json_each(?4) AS n, json_each(?5) AS v`,
      )
      .bind(tenant, state, sizeBytes, each, numbers),
  ]);
}

interface AddedRescan {
  readonly db?: D1Database;
  readonly tenant?: string;
  readonly fileId?: string;
  readonly olderThan?: number;
}

async function addRescan(id: string, { db = first(), tenant = "acme", ...of }: AddedRescan = {}) {
  await db
    .prepare(
      `INSERT INTO rescans (tenant_id, id, file_id, older_than, requested_by, created_at_ms, fed_at_ms, files_total)
       VALUES (?, ?, ?, ?, 'boss', 1, 0, 1)`,
    )
    .bind(tenant, id, of.fileId ?? null, of.olderThan ?? null)
    .run();
}

async function lookAt(id: string) {
  return first().prepare("SELECT * FROM rescans WHERE id = ?").bind(id).first();
}

/** Lets a minute pass, and returns the jobs that cron sends then, by tenant, file and version. */
async function feed({ signatures = "27842", backlog = 0, queries = 40 } = {}): Promise<readonly string[]> {
  nowMs += MINUTE_MS;
  await first()
    .prepare(
      `INSERT OR REPLACE INTO processor_heartbeats (processor_id, scanner, scanner_detail, signature_version, queue, at_ms, backlog)
     VALUES ('p', 'ok', '', ?, 'ok', ?, ?)`,
    )
    .bind(signatures, nowMs, backlog)
    .run();
  return feedNow(queries);
}

async function feedNow(queries = 40): Promise<readonly string[]> {
  const sent: ProcessJob[] = [];
  const announce = async (jobs: readonly ProcessJob[]) => void sent.push(...jobs);
  await feedRescans(
    { ...databases.bindings, TENANT_BUCKETS: "DB=0-127,DB_2=128-255" },
    announce,
    nowMs,
    newBudget({ queries }),
  );
  return sent.map(({ tenantId, fileId, version }) => `${tenantId} ${Number(fileId)}/${version}`);
}

/** As when all that was sent, or some of it, is answered. */
async function answer(limit = 1000, db = first()): Promise<void> {
  await db
    .prepare("DELETE FROM rescan_jobs WHERE rowid IN (SELECT rowid FROM rescan_jobs LIMIT ?)")
    .bind(limit)
    .run();
}

const filesOf = (sent: readonly string[]) => sent.map((job) => Number(/ (\d+)\//.exec(job)?.[1]));

test("a large tenant is gone through in steps, the newest first, of as much as may be under way", async () => {
  await addFiles(1, 231);
  await addRescan("r");
  const sent: number[] = [];
  for (const expected of [100, 100, 31, 0]) {
    const files = filesOf(await feed());
    expect(files).toHaveLength(expected);
    sent.push(...files);
    await answer();
  }
  expect(sent).toEqual(Array.from({ length: 231 }, (_, index) => 231 - index));
  await feed();
  expect(await lookAt("r")).toMatchObject({ state: "done", files_seen: 231, sent: 231 });
});

test("as much is sent as was answered, and what a rescan awaits isn't taken for uploads", async () => {
  await addFiles(1, 231);
  await addRescan("r");
  expect(await feed()).toHaveLength(100);
  await answer(60);
  // The processor has taken ten of the queue's forty, and tells of the rest, and of fifteen uploads.
  expect(await feed({ backlog: 45 })).toHaveLength(60);
  await answer(60);
  expect(await feed({ backlog: 60 })).toEqual([]);
});

test("files in the trash have their place in the same order: one that is restored meanwhile isn't passed over", async () => {
  await addFiles(1, 150);
  await first().prepare("UPDATE files SET deleted_at_ms = 999 WHERE created_at_ms IN (10, 120)").run();
  await addRescan("r");
  const before = filesOf(await feed());
  expect(before).toContain(120);
  await answer();
  await first().prepare("UPDATE files SET deleted_at_ms = NULL").run();
  await first().prepare("UPDATE files SET deleted_at_ms = 999 WHERE created_at_ms IN (5, 140)").run();
  const all = [...before, ...filesOf(await feed())];
  expect(all).toEqual(Array.from({ length: 150 }, (_, index) => 150 - index));
});

test("what is under way is bounded by its bytes, and one file by itself may be more", async () => {
  await addFiles(1, 5, { sizeBytes: 400 * MIB });
  await addFiles(6, 6, { sizeBytes: 5000 * MIB });
  await addRescan("r");
  for (const expected of [[6], [5, 4, 3], [2, 1]]) {
    expect(filesOf(await feed())).toEqual(expected);
    expect(await feed()).toEqual([]);
    await answer();
  }
});

test("a file of a few bytes counts as many", async () => {
  await addFiles(1, 5, { sizeBytes: 400 * MIB });
  await addFiles(6, 55);
  await addRescan("r");
  // 500 MiB of the 1024 are the fifty's.
  expect((await feed()).length).toBe(52);
  await answer(1);
  expect(filesOf(await feed())).toEqual([3]);
});

test("a file of many versions is gone through in steps, too", async () => {
  await addFiles(1, 2);
  await addFiles(3, 3, { versions: 150 });
  await addRescan("r");
  const one = await feed();
  expect([one.length, one[0], one.at(-1)]).toEqual([100, "acme 3/150", "acme 3/51"]);
  await answer();
  const other = await feed();
  expect([other.length, other[0], ...other.slice(-3)]).toEqual([
    ...[52, "acme 3/50"],
    ...["acme 3/1", "acme 2/1", "acme 1/1"],
  ]);
  expect(await lookAt("r")).toMatchObject({ files_seen: 3, sent: 152, is_sent: 1 });
});

test("each rescan awaits its own verdict on a version", async () => {
  await addFiles(1, 1);
  await addRescan("all");
  await addRescan("one", { fileId: idOf(1) });
  expect(await feed()).toEqual(["acme 1/1", "acme 1/1"]);
  await first().prepare("DELETE FROM rescan_jobs WHERE rescan_id = 'one'").run();
  await feed();
  expect(await lookAt("one")).toMatchObject({ state: "done" });
  expect(await lookAt("all")).toMatchObject({ state: "running" });
});

test("uploads whose jobs were given up hold up no rescan; those that wait do", async () => {
  await addFiles(1, 1);
  await addFiles(2, 21, { state: "quarantined", tenant: "other" });
  await addRescan("r");
  // Nor is anything sent while no processor is heard of.
  expect(await feedNow()).toEqual([]);
  expect(await feed()).toEqual([]);
  await first()
    .prepare(
      `INSERT INTO failed_jobs SELECT tenant_id, file_id, version, 'TIMEOUT', 'x.', 30, 1 FROM file_versions
     WHERE tenant_id = 'other' LIMIT 1`,
    )
    .run();
  expect(await feed()).toEqual(["acme 1/1"]);
});

test("what a paused rescan has lost holds up no other, and is sent again when it goes on", async () => {
  await addFiles(1, 110);
  await addFiles(1, 1, { tenant: "other" });
  await addRescan("r");
  expect(await feed()).toHaveLength(100);
  await first().prepare("UPDATE rescans SET state = 'paused'").run();
  await addRescan("s", { tenant: "other" });
  expect(await feed()).toEqual([]);
  nowMs += 15 * MINUTE_MS;
  expect(await feed()).toEqual(["other 1/1"]);
  await first().prepare("UPDATE rescans SET state = 'running'").run();
  expect(await feed()).toHaveLength(100);
});

test("what is lost again and again is given up, and counts as failed", async () => {
  await addFiles(1, 1);
  await addRescan("r");
  for (let sends = 1; sends <= 8; sends += 1) {
    expect(await feed()).toEqual(["acme 1/1"]);
    expect(await feed()).toEqual([]);
    nowMs += 15 * MINUTE_MS;
  }
  expect(await feed()).toEqual([]);
  expect(await lookAt("r")).toMatchObject({ state: "done", failed: 1, scanned: 0 });
});

test("the room is that of all databases, and those first that waited longest", async () => {
  await addFiles(1, 230);
  await addFiles(1, 3, { db: second(), tenant: "other" });
  await addRescan("r");
  expect(await feed()).toHaveLength(100);
  await addRescan("s", { db: second(), tenant: "other" });
  // Of the hundred under way half are answered.
  await answer(50);
  const sent = await feed({ backlog: 50 });
  expect(sent.slice(0, 3)).toEqual(["other 3/1", "other 2/1", "other 1/1"]);
  expect(sent).toHaveLength(50);
});

test("a rescan that asks for newer signatures than there are waits for them", async () => {
  await addFiles(1, 1);
  await addRescan("r", { olderThan: 27_843 });
  expect(await feed()).toEqual([]);
  expect(await feed({ signatures: "27843/Thu Nov 26 10:00:00 2026" })).toEqual(["acme 1/1"]);
  nowMs += 15 * MINUTE_MS;
  expect(await feed({ signatures: "27842" })).toEqual([]);
  expect(await feed({ signatures: "27843" })).toEqual(["acme 1/1"]);
});

test("of two runs at once one moves a rescan on", async () => {
  await feed();
  await addFiles(1, 30);
  await addRescan("r");
  const [one, other] = await Promise.all([feedNow(), feedNow()]);
  expect([one.length, other.length].toSorted((a, b) => a - b)).toEqual([0, 30]);
  expect(await lookAt("r")).toMatchObject({ sent: 30, files_seen: 30 });
});

test("a run asks databases no more often than it may", async () => {
  for (const [db, tenant] of [
    [first(), "acme"],
    [second(), "other"],
  ] as const) {
    await addFiles(1, 10, { db, tenant });
    for (const id of ["a", "b", "c"]) await addRescan(`${tenant}-${id}`, { db, tenant });
  }
  // One for the processors' heartbeats, one for each database, and three for a step.
  const sent = await feed({ queries: 9 });
  expect(sent).toHaveLength(20);
  expect(await feed({ queries: 6 })).toHaveLength(10);
});
