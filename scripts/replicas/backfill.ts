import { setTimeout as wait } from "node:timers/promises";
import { BackfillStep, ReplicaTargetList } from "#contract/replicas.ts";
import { ask, readVersions } from "./api.ts";
import type { ReplicaOptions } from "./options.ts";
import { print } from "./print.ts";
import { Progress } from "./progress.ts";

const POLL_MS = 2_000;
/** Nothing is stored for so long: then it isn't waited for any longer. */
const PATIENCE_MS = 300_000;

/** Has copies made that are lacking, and waits until they are stored. Begun again it wants only what is lacking still. */
export async function backfill(options: ReplicaOptions): Promise<number> {
  if (options["dry-run"]) return countLacking(options);
  const { seen, queued } = await queueAll(options);
  if (!options.json && queued > 0)
    print(`${seen} versions; ${queued} copies were lacking, and are wanted now.`);
  const { pending, failed, hadToWait } = await waitForStored(options);
  const left = pending + failed;
  if (options.json) print(JSON.stringify({ versions: seen, queued, pending, failed }));
  else if (left > 0) print(`${pending} are pending, ${failed} failed.`);
  else if (queued > 0 || hadToWait) print("All are stored.");
  else print(`Nothing to do: all copies of ${seen} versions are stored.`);
  return left === 0 ? 0 : 1;
}

async function queueAll({ api }: ReplicaOptions): Promise<{ seen: number; queued: number }> {
  const done = { seen: 0, queued: 0 };
  let cursor: string | undefined;
  do {
    const step: BackfillStep = await ask(
      api,
      "/v1/admin/replicas/backfill",
      BackfillStep,
      cursor === undefined ? {} : { cursor },
    );
    done.seen += step.seen;
    done.queued += step.queued;
    cursor = step.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return done;
}

interface Waited {
  readonly pending: number;
  readonly failed: number;
  /** False where nothing was pending from the first. */
  readonly hadToWait: boolean;
}

async function waitForStored(options: ReplicaOptions): Promise<Waited> {
  const progress = new Progress("copies");
  let changedAtMs = Date.now();
  let before = -1;
  let hadToWait = false;
  for (;;) {
    const { items } = await ask(options.api, "/v1/admin/replicas/targets", ReplicaTargetList);
    const chosen = items.filter(({ target }) => options.target === undefined || target === options.target);
    const sum = (of: "stored" | "pending" | "failed"): number =>
      chosen.reduce((total, each) => total + each[of], 0);
    const [stored, pending, failed] = [sum("stored"), sum("pending"), sum("failed")];
    progress.set(stored, stored + pending + failed);
    if (stored !== before) changedAtMs = Date.now();
    before = stored;
    if (pending === 0 || Date.now() - changedAtMs > PATIENCE_MS) {
      progress.end();
      return { pending, failed, hadToWait };
    }
    hadToWait = true;
    await wait(POLL_MS);
  }
}

async function countLacking(options: ReplicaOptions): Promise<number> {
  let lacking = 0;
  for await (const { items } of readVersions(options.api, null)) {
    for (const { copies } of items) {
      const known = new Set(copies.map(({ target }) => target));
      lacking += options.targets.filter(({ name }) => !known.has(name)).length;
    }
  }
  print(options.json ? JSON.stringify({ lacking }) : `${lacking} copies are lacking.`);
  return 0;
}
