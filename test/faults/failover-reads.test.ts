import { createHash, randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { REPORT_SIGNATURE_HEADER, REPORTS_PATH, signReport } from "#contract/reports.ts";
import { createLog } from "../../processor/log.ts";
import { faultTeller } from "../../processor/replicate/tell-fault.ts";
import { Reporter } from "../../processor/report.ts";
import { findFreePort } from "../../scripts/dev/ports.ts";
import type { Caller } from "../support/api.ts";
import { newCaller, readProblem, signUrl, uploadFile } from "../support/api.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { auditOf, publish, setState } from "../support/file-states.ts";
import type { RunningGateway } from "../support/replica-gateway.ts";
import { memoryTarget, REPLICA_READS_SECRET, startReplicaGateway } from "../support/replica-gateway.ts";

const port = await findFreePort();
const stack = useFaultyStack({
  REPLICA_READS_URL: `http://127.0.0.1:${port}`,
  REPLICA_READS_SECRET,
  REPLICA_READS_AFTER_MS: "100",
});

const copies = new Map<string, Buffer>();
const poisoned = new Map<string, Buffer>();
let gateway: RunningGateway;
beforeAll(async () => {
  const reporter = new Reporter({ workerUrl: stack.url, secret: stack.jwtSecret });
  gateway = await startReplicaGateway([memoryTarget("attic", poisoned), memoryTarget("vault", copies)], {
    port,
    tellFault: faultTeller(reporter, createLog("silent")),
  });
});
afterAll(() => gateway.stop());

let ann: Caller;
beforeEach(async () => {
  ann = await newCaller({ stack });
});
afterEach(() => copies.clear());

const BYTES = Buffer.from(randomBytes(50_000).toString("hex"));

interface Copied {
  readonly fileId: string;
  readonly objectKey: string;
  readonly path: string;
}

/** A clean file with a copy that is as its record says. */
async function copiedFile(copy: Buffer = BYTES, state = "stored", bytes = copy): Promise<Copied> {
  const fileId = await uploadFile(ann, bytes);
  await setState(stack, fileId, "clean");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await stack.query("UPDATE file_versions SET sha256 = ? WHERE file_id = ?", sha256, fileId);
  const [key] = await stack.listKeys(`t/${ann.tenantId}/${fileId}/`);
  const objectKey = String(key);
  copies.set(objectKey, copy);
  await recordCopy(fileId, objectKey, "vault", state, bytes);
  return { fileId, objectKey, path: `/v1/files/${fileId}/content` };
}

async function recordCopy(
  fileId: string,
  objectKey: string,
  target: string,
  state: string,
  bytes: Buffer,
): Promise<void> {
  await stack.query(
    `INSERT OR REPLACE INTO replicas (tenant_id, file_id, version, target, state, object_key, size_bytes, since_ms,
       changed_at_ms, retry_at_ms) VALUES (?, ?, 1, ?, ?, ?, ?, 1, 1, 1)`,
    ...[ann.tenantId, fileId, target, state, objectKey, bytes.byteLength],
  );
}

function repairsOf({ sentJobs }: { readonly sentJobs: readonly object[] }, fileId: string) {
  return sentJobs.filter(
    (job) => "kind" in job && job.kind === "repair" && "fileId" in job && job.fileId === fileId,
  );
}

/** Once there are any. */
async function repairsIn(fileId: string): Promise<readonly object[]> {
  const repairs = async () => repairsOf(await stack.control({}), fileId);
  await expect.poll(repairs).toHaveLength(1);
  return repairs();
}

async function sendReport(content: object): Promise<Response> {
  const body = JSON.stringify(content);
  const headers = { [REPORT_SIGNATURE_HEADER]: await signReport(stack.jwtSecret, body, Date.now()) };
  return fetch(new URL(REPORTS_PATH, stack.url), { method: "POST", headers, body });
}

const HEADERS = ["etag", "last-modified", "repr-digest", "content-type", "content-length", "content-range"];
const headersOf = ({ headers }: Response) => HEADERS.map((name) => headers.get(name));

test("what the primary has lost is read from a replica, with the same headers, ranges and conditions", async () => {
  const { fileId, objectKey, path } = await copiedFile();
  const range = { headers: { range: "bytes=100-299" } };
  const before = [await ann.fetch(path), await ann.fetch(path, range)];
  expect(before.map(({ headers }) => headers.get("cache-status"))).toEqual([null, null]);
  await Promise.all(before.map((answer) => answer.arrayBuffer()));
  await stack.removeObject(objectKey);

  const [whole, part] = [await ann.fetch(path), await ann.fetch(path, range)];
  expect([whole.status, part.status]).toEqual([200, 206]);
  expect([whole, part].map(headersOf)).toEqual(before.map(headersOf));
  expect(whole.headers.get("cache-status")).toBe("causeway; fwd=bypass; detail=replica-missing");
  expect(Buffer.from(await whole.arrayBuffer()).equals(BYTES)).toBe(true);
  expect(Buffer.from(await part.arrayBuffer()).equals(BYTES.subarray(100, 300))).toBe(true);

  const condition = { headers: { "if-none-match": whole.headers.get("etag") ?? "" } };
  expect((await ann.fetch(path, condition)).status).toBe(304);
  const head = await ann.fetch(path, { method: "HEAD" });
  expect(headersOf(head)).toEqual(headersOf(whole));
  // Its repair is asked for once, whoever reads it how often.
  expect(await repairsIn(fileId)).toMatchObject([{ kind: "repair", objectKey, target: "vault" }]);
  const served = { target: "vault", reason: "missing", outcome: "served" };
  expect(await gateway.countReads(served)).toBeGreaterThanOrEqual(2);
});

test("every door leads to the replica", async () => {
  const { fileId, objectKey } = await copiedFile();
  const urls = [
    await signUrl(ann, fileId),
    await publish(ann, fileId),
    `/v1/files/${fileId}/versions/1/content`,
  ];
  await stack.removeObject(objectKey);
  for (const url of urls) {
    const answer = await ann.fetch(url);
    expect(answer.headers.get("cache-status"), url).toContain("replica-missing");
    expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES), url).toBe(true);
  }
});

test("bytes in the primary's place that weren't scanned aren't served; the copy is", async () => {
  const { objectKey, path } = await copiedFile();
  await stack.putObject(objectKey, "something else");
  const answer = await ann.fetch(path);
  expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true);
});

test("a dead file is as dead on a replica", async () => {
  const { fileId, objectKey, path } = await copiedFile();
  const signed = await signUrl(ann, fileId);
  await stack.removeObject(objectKey);
  expect((await fetch(signed)).status).toBe(200);
  await setState(stack, fileId, "infected");
  expect(await readProblem(await ann.fetch(path))).toMatchObject({ code: "FILE_BLOCKED" });
  expect(await readProblem(await fetch(signed))).toMatchObject({ code: "FILE_BLOCKED" });
  await setState(stack, fileId, "clean");
  await ann.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
  expect(await readProblem(await fetch(signed))).toMatchObject({ code: "FILE_NOT_FOUND" });
});

test("a copy that isn't stored, or has another size, is no copy", async () => {
  const pending = await copiedFile(BYTES, "pending");
  await stack.removeObject(pending.objectKey);
  expect(await readProblem(await ann.fetch(pending.path))).toMatchObject({ code: "FILE_NOT_FOUND" });
  const cut = await copiedFile(BYTES.subarray(1), "stored", BYTES);
  await stack.removeObject(cut.objectKey);
  expect(await readProblem(await ann.fetch(cut.path))).toMatchObject({ code: "STORE_UNAVAILABLE" });
});

const poison = (bytes: Buffer) => Buffer.concat([bytes.subarray(1), Buffer.from("x")]);

async function stateAt(fileId: string, target: string): Promise<unknown> {
  const sql = "SELECT state, code FROM replicas WHERE file_id = ? AND target = ?";
  return (await stack.query(sql, fileId, target))[0];
}

test("of a copy with other bytes nothing is read, the next target's is, and its record doesn't say stored any more", async () => {
  const { fileId, objectKey, path } = await copiedFile();
  poisoned.set(objectKey, poison(BYTES));
  await recordCopy(fileId, objectKey, "attic", "stored", BYTES);
  await stack.removeObject(objectKey);
  const part = await ann.fetch(path, { headers: { range: "bytes=100-299" } });
  expect([part.status, part.headers.get("cache-status")]).toEqual([
    ...[206, "causeway; fwd=bypass; detail=replica-missing"],
  ]);
  expect(Buffer.from(await part.arrayBuffer()).equals(BYTES.subarray(100, 300))).toBe(true);
  await expect.poll(() => stateAt(fileId, "attic")).toEqual({ state: "pending", code: "mismatch" });
  expect(await stateAt(fileId, "vault")).toMatchObject({ state: "stored" });
  const [due] = await stack.query(
    "SELECT announce_at_ms, retry_at_ms FROM replicas WHERE file_id = ? AND target = 'attic'",
    fileId,
  );
  expect(due?.["announce_at_ms"]).toBe(due?.["retry_at_ms"]);
});

test("a copy that isn't there any more is told, in whole and in part, and its record doesn't say stored any more", async () => {
  for (const headers of [{}, { range: "bytes=100-299" }]) {
    const { fileId, objectKey, path } = await copiedFile();
    await recordCopy(fileId, objectKey, "attic", "stored", BYTES);
    await stack.removeObject(objectKey);
    expect((await ann.fetch(path, { headers })).headers.get("cache-status")).toContain("replica-missing");
    await expect.poll(() => stateAt(fileId, "attic")).toEqual({ state: "pending", code: "missing" });
    expect(await stateAt(fileId, "vault")).toMatchObject({ state: "stored" });
  }
});

test("where no copy is stored, one that may be right is read, and only if it is", async () => {
  const { fileId, objectKey, path } = await copiedFile(BYTES, "pending");
  await stack.query("UPDATE replicas SET leased_until_ms = 1 WHERE file_id = ?", fileId);
  await stack.removeObject(objectKey);
  const answer = await ann.fetch(path);
  expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true);
  copies.set(objectKey, poison(BYTES));
  expect(await readProblem(await ann.fetch(path))).toMatchObject({ code: "STORE_UNAVAILABLE" });
});

test("a large copy with other bytes is cut off at its reader, and isn't read again", async () => {
  const bytes = Buffer.from(randomBytes(2 ** 20).toString("hex"));
  const { fileId, objectKey, path } = await copiedFile(bytes);
  copies.set(objectKey, poison(bytes));
  await stack.removeObject(objectKey);
  const reading = ann.fetch(path).then(async (answer) => ({
    status: answer.status,
    length: (await answer.arrayBuffer()).byteLength,
  }));
  const read = await reading.catch(() => ({ status: 503, length: 0 }));
  expect(read.length).toBeLessThan(bytes.byteLength);
  await expect.poll(() => stateAt(fileId, "vault")).toEqual({ state: "pending", code: "mismatch" });
  expect((await ann.fetch(path)).status).toBe(404);
});

test("what was repaired is the primary's again, under the tag that readers know", async () => {
  const { fileId, objectKey, path } = await copiedFile();
  await stack.removeObject(objectKey);
  const tag = (await ann.fetch(path)).headers.get("etag");
  const [job] = await repairsIn(fileId);
  await stack.putObject(objectKey, BYTES.toString());
  const newEtag = createHash("md5").update(BYTES).digest("hex");
  // As after a repair in parts: the object that was lost had another.
  await stack.query("UPDATE file_versions SET etag = 'of-parts' WHERE file_id = ?", fileId);
  const report = { ...job, etag: "of-parts", newEtag };
  for (const refused of [{ sha256: "0".repeat(64) }, { etag: "another" }, { version: 2 }]) {
    expect((await sendReport({ ...report, ...refused })).status, JSON.stringify(refused)).toBe(409);
  }
  expect((await sendReport(report)).status).toBe(204);
  // The lost answer's second try.
  expect((await sendReport(report)).status).toBe(204);
  const answer = await ann.fetch(path);
  expect([answer.headers.get("cache-status"), answer.headers.get("etag")]).toEqual([null, tag]);
  expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true);
  const audited = [{ action: "file.repaired", actor_kind: "processor", detail: { target: "vault" } }];
  expect(await auditOf(stack, fileId)).toMatchObject(audited);
});

test("what was removed while it was repaired is removed again", async () => {
  const { fileId, objectKey, path } = await copiedFile();
  await stack.removeObject(objectKey);
  await ann.fetch(path);
  const [job] = await repairsIn(fileId);
  await stack.eraseRecord(fileId);
  await stack.putObject(objectKey, BYTES.toString());
  expect((await sendReport({ ...job, newEtag: "new" })).status).toBe(409);
  expect(await stack.readObject(objectKey)).toBeUndefined();
});

test("what was made of it and went with it is made again, and what is there still isn't", async () => {
  const { fileId, objectKey, path } = await copiedFile();
  const key = (name: string) => objectKey.replace(/[^/]+$/, `${name}.webp`);
  await stack.putObject(key("thumbnail"), "picture");
  for (const name of ["thumbnail", "optimized", "page-1"]) {
    await stack.query(
      `INSERT INTO derivatives (tenant_id, file_id, version, name, object_key, mime_type, size_bytes, created_at_ms)
         VALUES (?, ?, 1, ?, ?, 'image/webp', 7, 1)`,
      ...[ann.tenantId, fileId, name, key(name)],
    );
  }
  await stack.removeObject(objectKey);
  await ann.fetch(path);
  const [job] = await repairsIn(fileId);
  await stack.putObject(objectKey, BYTES.toString());
  const report = { ...job, newEtag: createHash("md5").update(BYTES).digest("hex") };
  const processesOf = async () => {
    const { sentJobs } = await stack.control({});
    return sentJobs.filter((each) => "kind" in each && each.kind === "process" && each.fileId === fileId);
  };
  const before = (await processesOf()).length;
  expect((await sendReport(report)).status).toBe(204);
  expect(await stack.query("SELECT name FROM derivatives WHERE file_id = ?", fileId)).toEqual([
    { name: "thumbnail" },
  ]);
  const after = await processesOf();
  expect(after.slice(before)).toMatchObject([{ objectKey, etag: report.newEtag }]);
  expect((await sendReport(report)).status).toBe(204);
  expect(await processesOf()).toHaveLength(after.length);
});

test("a store that fails, or is slow, is stood in for, and nothing is repaired", async () => {
  const { fileId, path } = await copiedFile();
  const read = async () => {
    const answer = await ann.fetch(path);
    expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true);
    return answer.headers.get("cache-status")?.split("detail=")[1];
  };
  await stack.control({ plan: { operation: "get", faults: [{ kind: "fail" }, { kind: "hold" }] } });
  expect(await read()).toBe("replica-unavailable");
  expect(await read()).toBe("replica-slow");
  expect(repairsOf(await stack.control({}), fileId)).toEqual([]);
});

test("a store that keeps failing isn't asked for a while", async () => {
  const { path } = await copiedFile();
  const read = async () => (await ann.fetch(path)).headers.get("cache-status")?.split("detail=")[1];
  expect(await read()).toBeUndefined();
  const faults = Array.from({ length: 5 }, () => ({ kind: "fail" }) as const);
  await stack.control({ plan: { operation: "get", faults } });
  for (const _ of faults) expect(await read()).toBe("replica-unavailable");
  expect(await read()).toBe("replica-circuit-open");
  await stack.control({ clockAheadMs: 10_000 });
  expect(await read()).toBeUndefined();
});
