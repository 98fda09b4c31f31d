import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FileId, TenantId } from "#contract/ids.ts";
import type { RepairJob } from "#contract/repairs.ts";
import {
  REPLICA_READ_HEADER,
  REPLICA_SHA256_HEADER,
  replicaPath,
  signReplicaRead,
} from "#contract/replica-reads.ts";
import { ObjectStore } from "../../../processor/object-store.ts";
import { PrimaryWriter } from "../../../processor/replicate/primary-writer.ts";
import { RepairPrimary } from "../../../processor/replicate/repair-primary.ts";
import { createReplicaTargets } from "../../../processor/replicate/replica-config.ts";
import type { CopyFacts } from "../../../processor/replicate/target.ts";
import { Reporter } from "../../../processor/report.ts";
import { startLocalReplicas } from "../../../scripts/dev/replicas/local-replicas.ts";
import { REPLICA_READS_SECRET, startReplicaGateway } from "../../support/replica-gateway.ts";
import { useStarted } from "../../support/started.ts";
import { startBucket } from "../support/bucket.ts";
import { REPORT_SECRET, startWorkerDouble } from "../support/worker-double.ts";
import { copyTo, newOriginal, stateOf } from "./support/copies.ts";

/** The primary has nothing, and all four kinds of targets have everything. */
const stack = useStarted(async () => {
  const directory = await mkdtemp(join(tmpdir(), "causeway-drill-"));
  const replicas = await startLocalReplicas(directory, () => {});
  const created = await createReplicaTargets(replicas.env);
  if (!created.ok) throw new Error(created.problems.join("\n"));
  const { targets } = created;
  const gateway = await startReplicaGateway(targets);
  const [bucket, worker] = await Promise.all([startBucket(), startWorkerDouble()]);
  worker.standing.state = "clean";
  const store = new ObjectStore(bucket.options);
  const writer = new PrimaryWriter(bucket.options);
  const reporter = new Reporter({ workerUrl: worker.url, secret: REPORT_SECRET });
  return {
    ...{ targets, gateway, bucket },
    repairing: new RepairPrimary({ store, writer, targets, reporter }),
    async stop() {
      for (const target of targets) target.close();
      await Promise.all([gateway.stop(), bucket.stop(), worker.stop(), replicas.stop()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
});

async function readBy(
  name: string,
  { key, sha256 }: Pick<CopyFacts, "key" | "sha256">,
  range?: string,
): Promise<Response> {
  const read = { method: "GET", target: name, key, range, sha256 } as const;
  const headers = new Headers({
    [REPLICA_SHA256_HEADER]: sha256,
    [REPLICA_READ_HEADER]: await signReplicaRead(REPLICA_READS_SECRET, read, Date.now()),
  });
  if (range !== undefined) headers.set("range", range);
  return fetch(new URL(replicaPath(name, key), stack.gateway.url), { headers });
}

test.each(["s3", "azure", "gcs", "directory"])(
  "what the primary has lost is read from %s, and is made again of it as it was",
  async (name) => {
    const original = newOriginal(300_001);
    const { facts, bytes } = original;
    const target = stack.targets.find((each) => each.name === name);
    if (target === undefined) throw new Error("There is no such target.");
    expect(stateOf(await copyTo(target, original))).toBe("stored");

    const whole = await readBy(name, facts);
    expect(whole.headers.get("content-length")).toBe("300001");
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
    const part = await readBy(name, facts, "bytes=100-200000");
    expect(part.headers.get("content-range")).toBe("bytes 100-200000/300001");
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200_001))).toBe(true);
    const last = await readBy(name, facts, "bytes=300000-300000");
    expect(Buffer.from(await last.arrayBuffer()).equals(bytes.subarray(300_000))).toBe(true);
    const others = await readBy(name, { ...facts, sha256: "0".repeat(64) }, "bytes=300000-300000");
    expect(others.status).toBe(410);
    expect((await readBy(name, { ...facts, key: `${facts.key}0` })).status).toBe(404);

    const ref = { tenantId: TenantId.parse("acme"), fileId: FileId.parse("0".repeat(26)), version: 1 };
    const { key: objectKey, sizeBytes, sha256, contentType } = facts;
    const recorded = { objectKey, sizeBytes, sha256, contentType, etag: "lost", target: name };
    const job: RepairJob = { kind: "repair", ...ref, ...recorded };
    expect(await stack.repairing.repair(job, AbortSignal.timeout(30_000))).toBe("repaired");
    expect((await stack.bucket.get(objectKey)).bytes.equals(bytes)).toBe(true);
  },
);
