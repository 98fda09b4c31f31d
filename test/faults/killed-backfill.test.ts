import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { PROJECT_ROOT } from "../../scripts/dev/bundle.ts";
import { newAdmin } from "../support/admin.ts";
import { newTenantId } from "../support/api.ts";
import { addCleanFiles } from "../support/clean-files.ts";
import { startDirectoryProcessor } from "../support/copying-processor.ts";
import { runs } from "../support/runs.ts";
import { sha256Of } from "../support/sha256.ts";
import { useStarted } from "../support/started.ts";
import { launchWorkerAlone } from "../support/worker-alone.ts";

const FILES = runs(50, 5_000);

const place = useStarted(async () => {
  const worker = await launchWorkerAlone();
  const processor = await startDirectoryProcessor(worker);
  const admin = await newAdmin(newTenantId(), worker);
  return {
    ...{ worker, processor, admin },
    async stop() {
      await processor.stop();
      await worker.stop();
    },
  };
});

interface Backfill {
  /** Resolves when it tells how far it is, with the numbers. */
  readonly progress: Promise<{ done: number; total: number }>;
  /** What it said when it ended, by itself or killed. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; said: string }>;
  readonly hasEnded: boolean;
  kill(): void;
}

/** `npm run replicas -- backfill`, as a process of its own. */
function startBackfill(): Backfill {
  const { admin, processor, worker } = place;
  const given = ["backfill", "--tenant", admin.tenantId, "--url", worker.url, "--token", admin.token];
  const child = spawn(process.execPath, [join(PROJECT_ROOT, "scripts", "replicas.ts"), ...given], {
    env: { ...process.env, ...processor.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const progress = Promise.withResolvers<{ done: number; total: number }>();
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  createInterface({ input: child.stderr }).on("line", (line) => {
    const [, done, total] = /\] (\d+) of (\d+) copies/.exec(line) ?? [];
    if (done !== undefined) progress.resolve({ done: Number(done), total: Number(total) });
  });
  let hasEnded = false;
  const ended = once(child, "close").then(([code, signal]) => {
    hasEnded = true;
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, said };
  });
  return {
    ...{ progress: progress.promise, ended },
    get hasEnded() {
      return hasEnded;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

async function countCopies(state?: "stored"): Promise<number> {
  const where = state === undefined ? "" : `AND state = '${state}'`;
  const sql = `SELECT count(*) AS n FROM replicas WHERE tenant_id = ? ${where}`;
  const [row] = await place.worker.query(sql, place.admin.tenantId);
  return Number(row?.["n"]);
}

test(
  `a backfill of ${FILES} files that is killed while it wants copies and while it waits for them ends with all`,
  async () => {
    const { worker, processor, admin } = place;
    const files = await addCleanFiles(worker, admin.tenantId, FILES);
    // Its sign of life: without targets nothing is lacking.
    await processor.workUntil(async () => (await worker.query("SELECT 1 FROM replica_lags")).length > 0);

    const wanting = startBackfill();
    while ((await countCopies()) === 0);
    wanting.kill();
    expect(await wanting.ended).toMatchObject({ signal: "SIGKILL" });
    const wanted = await countCopies();
    await processor.workUntil(async () => (await countCopies("stored")) >= wanted / 2);

    const waiting = startBackfill();
    const { done, total } = await waiting.progress;
    waiting.kill();
    expect(await waiting.ended).toMatchObject({ signal: "SIGKILL" });
    expect(total).toBe(2 * FILES);
    expect(done).toBeGreaterThanOrEqual(wanted / 2);
    expect(done).toBeLessThan(total);

    const last = startBackfill();
    await last.progress;
    await processor.workUntil(() => last.hasEnded);
    expect(await last.ended).toMatchObject({ code: 0, said: expect.stringContaining("All are stored.") });

    const again = await startBackfill().ended;
    expect(again).toEqual({
      ...{ code: 0, signal: null },
      said: `Nothing to do: all copies of ${FILES} versions are stored.\n`,
    });
    expect(await countCopies("stored")).toBe(2 * FILES);
    const signal = AbortSignal.timeout(60_000);
    for (const target of processor.targets) {
      for (const { objectKey, bytes } of files) {
        expect(await target.find(objectKey, signal)).toMatchObject({ sha256: sha256Of(bytes) });
      }
    }
  },
  runs(120_000, 1_200_000),
);
