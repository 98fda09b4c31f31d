import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test, vi } from "vitest";
import { tenantPrefix } from "#contract/keys.ts";
import { PROJECT_ROOT } from "../../scripts/dev/bundle.ts";
import { findFreePort } from "../../scripts/dev/ports.ts";
import { startLocalReplicas } from "../../scripts/dev/replicas/local-replicas.ts";
import { newAdmin, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { newCaller, newTenantId } from "../support/api.ts";
import { addCleanFiles, type CleanFile } from "../support/clean-files.ts";
import { startCopyingProcessor } from "../support/copying-processor.ts";
import { takeJobs } from "../support/queued-jobs.ts";
import { REPLICA_READS_SECRET, startReplicaGateway } from "../support/replica-gateway.ts";
import { runs } from "../support/runs.ts";
import { useStarted } from "../support/started.ts";
import { launchWorkerAlone } from "../support/worker-alone.ts";

const FILES = 3;

/** A worker, a processor with one target of each kind, and its gateway to them. */
const place = useStarted(async () => {
  const directory = await mkdtemp(join(tmpdir(), "causeway-emptied-"));
  const port = await findFreePort();
  const worker = await launchWorkerAlone({
    ...{ REPLICA_READS_URL: `http://127.0.0.1:${port}`, REPLICA_READS_SECRET },
    // However slow the primary is, it is what is asked.
    REPLICA_READS_AFTER_MS: "10000",
  });
  const replicas = await startLocalReplicas(directory, () => {});
  const processor = await startCopyingProcessor(worker, replicas.env);
  const gateway = await startReplicaGateway(processor.targets, { port });
  return {
    ...{ worker, processor },
    async stop() {
      await Promise.all([gateway.stop(), processor.stop()]);
      await Promise.all([worker.stop(), replicas.stop()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
});

/** A tenant whose files are copied to one target alone. */
interface Copied {
  readonly kind: string;
  readonly admin: Caller;
  readonly files: readonly CleanFile[];
}

const copied: Copied[] = [];

async function addTenant(kind: string): Promise<Copied> {
  const { worker, processor } = place;
  const admin = await newAdmin(newTenantId(), worker);
  const files = await addCleanFiles(worker, admin.tenantId, FILES);
  const settings = JSON.stringify({ replicaTargets: [kind] });
  await worker.query("UPDATE tenants SET settings = ? WHERE tenant_id = ?", settings, admin.tenantId);
  const stored = "SELECT 1 FROM replicas WHERE tenant_id = ? AND state = 'stored'";
  await processor.workUntil(async () => {
    expect((await sendJson(admin, "POST", "/v1/admin/replicas/backfill", {})).status).toBe(200);
    return (await worker.query(stored, admin.tenantId)).length === FILES;
  });
  return { kind, admin, files };
}

interface Answer {
  readonly problems: readonly { readonly mended?: string }[];
  readonly verifiedCopies: number;
  readonly merkleRoot: string;
}

/** `npm run replicas`, as a process of its own; throws where that doesn't end with 0. */
async function runTool({ admin }: Copied, ...command: readonly string[]): Promise<Answer> {
  const { worker, processor } = place;
  const given = ["--tenant", admin.tenantId, "--url", worker.url, "--token", admin.token, "--json"];
  const script = join(PROJECT_ROOT, "scripts", "replicas.ts");
  const env = { ...process.env, ...processor.env, ...worker.s3 };
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...command, ...given], { env });
  return JSON.parse(stdout) as Answer;
}

beforeAll(async () => {
  for (const { name } of place.processor.targets) copied.push(await addTenant(name));
});

/** Those that the tool is run for: it takes seconds to start. */
const repaired = (): readonly Copied[] => copied.slice(0, runs(1, 4));
let roots: readonly string[] = [];

async function emptyBucket(): Promise<void> {
  const { bucket } = place.worker;
  await Promise.all((await bucket.list()).map((key) => bucket.delete(key)));
  expect(await place.worker.objectKeys()).toEqual([]);
}

test("of an emptied bucket every file is read from a target of each kind, whole and in part", async () => {
  const before: Answer[] = [];
  for (const each of repaired()) before.push(await runTool(each, "verify", "--primary"));
  expect(before).toMatchObject(repaired().map(() => ({ problems: [], verifiedCopies: FILES })));
  roots = before.map(({ merkleRoot }) => merkleRoot);
  await emptyBucket();

  expect(copied.map(({ kind }) => kind)).toEqual(["s3", "azure", "gcs", "directory"]);
  for (const { kind, admin, files } of copied) {
    const ann = await newCaller({ tenantId: admin.tenantId, stack: place.worker });
    for (const { ref, bytes } of files) {
      const path = `/v1/files/${ref.fileId}/content`;
      const whole = await ann.fetch(path);
      expect(whole.headers.get("cache-status"), kind).toContain("replica-missing");
      expect(Buffer.from(await whole.arrayBuffer()).equals(bytes), kind).toBe(true);
      const part = await ann.fetch(path, { headers: { range: "bytes=2-5" } });
      expect(part.status, kind).toBe(206);
      expect(await part.text(), kind).toBe(bytes.subarray(2, 6).toString());
    }
  }
});

async function repairWhileWorking(each: Copied): Promise<Answer> {
  let hasEnded = false;
  const repair = runTool(each, "repair").finally(() => {
    hasEnded = true;
  });
  await place.processor.workUntil(() => hasEnded);
  return repair;
}

test("repair makes all of it again, byte for byte and by the same Merkle root", async () => {
  await emptyBucket();
  // Those that were sent when the files were read would leave the tool nothing to find.
  while ((await takeJobs(place.worker.queues)).length > 0);
  for (const [index, each] of repaired().entries()) {
    // As one that was misread: it is right, and nothing but it is left.
    await place.worker.query(
      "UPDATE replicas SET state = 'pending', code = 'mismatch', retry_at_ms = 9e12 WHERE file_id = ?",
      ...[each.files[0]?.ref.fileId ?? ""],
    );
    const { problems, merkleRoot } = await repairWhileWorking(each);
    const ofFiles = each.files.map(() => `from ${each.kind}`);
    // In the order of the files' ids, of which any may be the first's.
    const mended = problems.map((problem) => String(problem.mended));
    expect(mended.toSorted()).toEqual(["copied again", ...ofFiles].toSorted());
    expect(merkleRoot).toBe(roots[index]);
    const after = await runTool(each, "verify", "--primary");
    expect(after).toMatchObject({ problems: [], verifiedCopies: FILES, merkleRoot: roots[index] });
    const keys = await place.worker.objectKeys(tenantPrefix(each.admin.tenantId));
    expect(keys).toEqual(each.files.map(({ objectKey }) => objectKey).toSorted());
    for (const { objectKey, bytes } of each.files) {
      const stored = await place.worker.bucket.get(objectKey);
      expect(Buffer.from(stored ?? new ArrayBuffer(0)).toString(), each.kind).toBe(bytes.toString());
    }
  }
});

test("a copy that repair has made while its file is deleted for good is owed its removal, and goes", async () => {
  const { processor } = place;
  const each = repaired()[0];
  const [file] = each?.files ?? [];
  const target = processor.targets.find(({ name }) => name === each?.kind);
  if (each === undefined || file === undefined || target === undefined) throw new Error("There is none.");
  const key = file.objectKey;
  const find = () => target.find(key, AbortSignal.timeout(30_000));
  await target.remove([key], AbortSignal.timeout(30_000));

  const begin = target.begin.bind(target);
  let hasLanded = false;
  const held = vi.spyOn(target, "begin").mockImplementation(async (...given) => {
    const writer = await begin(...given);
    const gone = await each.admin.fetch(`/v1/files/${file.ref.fileId}?permanent=true`, { method: "DELETE" });
    expect(gone.ok).toBe(true);
    const complete = writer.complete.bind(writer);
    vi.spyOn(writer, "complete").mockImplementation(async (...sums) => {
      const copy = await complete(...sums);
      hasLanded = true;
      return copy;
    });
    return writer;
  });
  expect(await repairWhileWorking(each)).toMatchObject({ problems: [{ mended: "isn't wanted any more" }] });
  held.mockRestore();
  expect(hasLanded).toBe(true);
  await processor.workUntil(async () => (await find()) === undefined);
});
