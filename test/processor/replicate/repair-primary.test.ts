import { createHash, randomBytes } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import type { RepairJob } from "#contract/repairs.ts";
import { ObjectStore } from "../../../processor/object-store.ts";
import { PrimaryWriter } from "../../../processor/replicate/primary-writer.ts";
import { RepairPrimary } from "../../../processor/replicate/repair-primary.ts";
import { Reporter } from "../../../processor/report.ts";
import { memoryTarget } from "../../support/replica-gateway.ts";
import { useStarted } from "../../support/started.ts";
import { startBucket } from "../support/bucket.ts";
import { createJob } from "../support/jobs.ts";
import { REPORT_SECRET, startWorkerDouble } from "../support/worker-double.ts";
import { PART_BYTES as PART } from "./support/copies.ts";

const bucket = useStarted(startBucket);
const worker = useStarted(startWorkerDouble);
const copies = new Map<string, Buffer>();
const others = new Map<string, Buffer>();
const signal = new AbortController().signal;

beforeEach(() => {
  worker.standing.state = "clean";
  worker.reports.length = 0;
});

function repairer(): RepairPrimary {
  return new RepairPrimary({
    store: new ObjectStore(bucket.options),
    writer: new PrimaryWriter(bucket.options),
    targets: [memoryTarget("attic", others), memoryTarget("vault", copies)],
    reporter: new Reporter({ workerUrl: worker.url, secret: REPORT_SECRET }),
  });
}

/** The job of a version that the primary doesn't have, with its copy. */
function lostVersion(bytes: Buffer, copy = bytes): RepairJob {
  const { tenantId, fileId, version, objectKey } = createJob();
  copies.set(objectKey, copy);
  const recorded = { objectKey, etag: "lost", sizeBytes: bytes.byteLength };
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const to = { sha256, contentType: "text/plain", target: "vault" };
  return { kind: "repair", tenantId, fileId, version, ...recorded, ...to };
}

test.each([0, 1000, PART, PART + 1])("%i bytes are brought back as they were", async (sizeBytes) => {
  const bytes = randomBytes(sizeBytes);
  const job = lostVersion(bytes);
  expect(await repairer().repair(job, signal)).toBe("repaired");
  const stored = await bucket.get(job.objectKey);
  expect(stored.bytes.equals(bytes)).toBe(true);
  expect(stored.contentType).toBe("text/plain");
  const { objectKey, sha256 } = job;
  expect(worker.reports).toMatchObject([
    { kind: "repair", etag: "lost", objectKey, sha256, target: "vault" },
  ]);
  // What it was told is what the store has now: the job again finds nothing to do.
  const [report] = worker.reports;
  const etag = report?.kind === "repair" ? report.newEtag : "";
  expect(await repairer().repair({ ...job, etag }, signal)).toBe("obsolete");
  expect(worker.reports).toHaveLength(1);
});

test.each([
  { what: "other bytes", change: (copy: Buffer) => void copy.writeUInt8(copy.readUInt8(9) ^ 1, 9) },
  { what: "a byte too few", change: () => PART },
])("a copy with $what isn't written", async ({ change }) => {
  const bytes = randomBytes(PART + 1);
  const copy = Buffer.from(bytes);
  const size = change(copy);
  const job = lostVersion(bytes, size === undefined ? copy : copy.subarray(0, size));
  await expect(repairer().repair(job, signal)).rejects.toMatchObject({ code: "COPY_MISMATCH" });
  await expect(bucket.get(job.objectKey)).rejects.toThrow("does not exist");
  const { objectKey, sha256 } = job;
  const wrong = { kind: "copy-mismatch", target: "vault", objectKey, sha256, fault: "mismatch" };
  expect(worker.reports).toMatchObject([wrong]);
  // As another target has the right one, that is taken.
  others.set(objectKey, bytes);
  expect(await repairer().repair(job, signal)).toBe("repaired");
  expect((await bucket.get(objectKey)).bytes.equals(bytes)).toBe(true);
  expect(worker.reports).toMatchObject([wrong, wrong, { kind: "repair", target: "attic" }]);
});

test.each(["infected", "unscannable", "quarantined"] as const)(
  "what is %s isn't brought back",
  async (state) => {
    worker.standing.state = state;
    const job = lostVersion(randomBytes(10));
    expect(await repairer().repair(job, signal)).toBe("obsolete");
    await expect(bucket.get(job.objectKey)).rejects.toThrow("does not exist");
  },
);

test.each([
  { what: "copy", change: { objectKey: "t/acme/gone" } },
  { what: "copies anywhere", change: { objectKey: "t/acme/gone-too", target: "nowhere" } },
])("without its $what it is tried again", async ({ change }) => {
  const job = { ...lostVersion(randomBytes(10)), ...change };
  await expect(repairer().repair(job, signal)).rejects.toMatchObject({ code: "COPY_UNREADABLE" });
});

test("where somebody has read it, its tag isn't enough: it is compared, and made again where it is wrong", async () => {
  const bytes = randomBytes(1000);
  const job = lostVersion(bytes);
  const etag = (await bucket.put(job.objectKey, randomBytes(1000))).replaceAll('"', "");
  expect(await repairer().repair({ ...job, etag }, signal)).toBe("obsolete");
  expect(await repairer().repair({ ...job, etag, comparesBytes: true }, signal)).toBe("repaired");
  expect((await bucket.get(job.objectKey)).bytes.equals(bytes)).toBe(true);
  const right = createHash("md5").update(bytes).digest("hex");
  expect(await repairer().repair({ ...job, etag: right, comparesBytes: true }, signal)).toBe("obsolete");
  expect(worker.reports).toHaveLength(1);
});
