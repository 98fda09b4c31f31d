import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filePrefix } from "#contract/keys.ts";
import type { OwedRemovalPage } from "#contract/replicas.ts";
import { startLocalReplicas } from "../../scripts/dev/replicas/local-replicas.ts";
import { newAdmin, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { newTenantId } from "../support/api.ts";
import { addCleanFiles, type CleanFile } from "../support/clean-files.ts";
import { startCopyingProcessor } from "../support/copying-processor.ts";
import { sendVerdict } from "../support/reports.ts";
import { runs } from "../support/runs.ts";
import { sha256Of } from "../support/sha256.ts";
import { useStarted } from "../support/started.ts";
import { launchWorkerAlone } from "../support/worker-alone.ts";

const NAMES = ["azure", "directory", "gcs", "s3"];
const SOON_MS = 30_000;
/** Nobody listens there, and nothing is mounted. */
const AWAY = {
  REPLICA_S3_ENDPOINT: "http://127.0.0.1:9",
  REPLICA_AZURE_CONNECTION_STRING:
    "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:9/a;",
  REPLICA_GCS_API_ENDPOINT: "http://127.0.0.1:9",
  REPLICA_DIRECTORY_PATH: "/nothing-is-mounted-here",
};

/** One target of each kind; a processor that reaches all of them, and one that reaches none. */
const place = useStarted(async () => {
  const directory = await mkdtemp(join(tmpdir(), "causeway-dead-copies-"));
  const worker = await launchWorkerAlone({ ERASURE_SETTLE_SECONDS: "1" });
  const replicas = await startLocalReplicas(directory, () => {});
  const processor = await startCopyingProcessor(worker, replicas.env);
  const cutOff = await startCopyingProcessor(worker, { ...replicas.env, ...AWAY });
  return {
    ...{ worker, processor, cutOff },
    async stop() {
      await Promise.all([processor.stop(), cutOff.stop()]);
      await Promise.all([worker.stop(), replicas.stop()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
});

/** Names of the targets that have anything of a file. */
async function whoHas({ ref }: CleanFile): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(SOON_MS);
  const found = await Promise.all(
    place.processor.targets.map(async (target) => {
      const { objects } = await target.list(filePrefix(ref.tenantId, ref.fileId), undefined, signal);
      return objects.length > 0 ? [target.name] : [];
    }),
  );
  return found.flat().toSorted();
}

function owedOf({ ref }: CleanFile) {
  return place.worker.query(
    "SELECT target, tries, detail FROM replica_removals WHERE file_id = ? ORDER BY target",
    ref.fileId,
  );
}

async function newCopied(admin: Caller): Promise<CleanFile> {
  const { worker, processor } = place;
  const [file] = await addCleanFiles(worker, admin.tenantId, 1);
  if (file === undefined) throw new Error("There is no file.");
  await processor.workUntil(async () => {
    expect((await sendJson(admin, "POST", "/v1/admin/replicas/backfill", {})).status).toBe(200);
    const stored = "SELECT 1 FROM replicas WHERE file_id = ? AND state = 'stored'";
    return (await worker.query(stored, file.ref.fileId)).length === NAMES.length;
  });
  return file;
}

const ENDS: Readonly<Record<string, (file: CleanFile, admin: Caller) => Promise<Response>>> = {
  "is found infected later": async ({ ref, bytes }, admin) => {
    await sendJson(admin, "POST", "/v1/admin/rescans", { fileId: ref.fileId });
    await place.worker.runScheduled();
    const infected = { verdict: "infected", signatureName: "Later", signatureVersion: "2" };
    return sendVerdict(place.worker, ref, { ...infected, sha256: sha256Of(bytes) });
  },
  "is deleted for good": ({ ref }, admin) =>
    admin.fetch(`/v1/files/${ref.fileId}?permanent=true`, { method: "DELETE" }),
  "is erased with its tenant": ({ ref }, admin) =>
    sendJson(admin, "POST", `/v1/admin/tenants/${ref.tenantId}/erasure`, { confirm: ref.tenantId }),
};

test.each(Object.entries(ENDS).slice(0, runs(1, 3)))(
  "what %s is gone from a target of each kind, and is owed with the reason while they are away",
  async (_how, end) => {
    const { worker, processor, cutOff } = place;
    const admin = await newAdmin(newTenantId(), worker);
    const file = await newCopied(admin);
    expect(await whoHas(file)).toEqual(NAMES);

    expect((await end(file, admin)).ok).toBe(true);
    const tried = async () => (await owedOf(file)).filter(({ tries }) => Number(tries) > 0);
    await cutOff.workUntil(async () => (await tried()).length === NAMES.length);
    const owed = await owedOf(file);
    expect(owed.map(({ target }) => target)).toEqual(NAMES);
    for (const { target, detail } of owed) expect(detail, String(target)).toMatch(/^[A-Z].+\.$/);
    const told = await admin.fetch("/v1/admin/replicas/removals");
    if (told.ok) expect(((await told.json()) as OwedRemovalPage).items).toHaveLength(NAMES.length);
    expect(await whoHas(file)).toEqual(NAMES);

    // As if the time of the next try had come.
    await worker.query("UPDATE replica_removals SET next_at_ms = 1 WHERE file_id = ?", file.ref.fileId);
    await processor.workUntil(async () => (await owedOf(file)).length === 0);
    expect(await whoHas(file)).toEqual([]);
  },
);
