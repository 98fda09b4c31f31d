import { setTimeout as wait } from "node:timers/promises";
import { type CopyRetryRequest, MAX_RETRIED, RetriedCopies } from "#contract/replica-retries.ts";
import type { ReplicatedVersion } from "#contract/replicas.ts";
import type { ReplicaTarget } from "../../processor/replicate/target.ts";
import { type Api, ask } from "./api.ts";
import type { Problem } from "./findings-file.ts";
import { seeCopy } from "./look.ts";
import { Progress } from "./progress.ts";
import { findRecords, nameOf } from "./records.ts";
import type { AilingVersion } from "./repair-primary.ts";

const POLL_MS = 1_000;
/** Nothing has become of any for so long: then they aren't waited for. A job may be at one copy for ten minutes. */
const PATIENCE_MS = 660_000;
/** What is wrong and is described rightly is found out, and taken away, by the first; the second makes it again. */
const MAX_TRIES = 2;

/** A version with copies that aren't as they should be. */
export interface AilingCopies extends AilingVersion {
  readonly copies: readonly { readonly target: ReplicaTarget; readonly problem: Problem }[];
}

/** One copy that is to be made again. */
interface Awaited {
  readonly version: ReplicatedVersion;
  readonly target: ReplicaTarget;
  readonly problem: Problem;
  /** That came to nothing by the record, before the last wish. */
  tries: number;
  triesLeft: number;
}

/**
 * Has copies of a page's versions made again, by the processor and under its leases: a copy of what is deleted meanwhile
 * is owed its removal then, as any is. Waits until each is stored by its record, and reads it once more. What was done
 * stands in the problems. Without a right primary there is nothing to copy.
 * @param after the cursor that the page begins behind
 */
export async function repairCopies(
  api: Api,
  page: readonly AilingCopies[],
  after: string | null,
): Promise<void> {
  const awaited = page.flatMap(awaitedOf);
  if (awaited.length === 0) return;
  await want(api, awaited);
  const progress = new Progress("copies made again");
  let left: readonly Awaited[] = awaited;
  let changedAtMs = Date.now();
  for (;;) {
    const before = left.length;
    left = await findUndone(api, left, after);
    progress.set(awaited.length - left.length, awaited.length);
    if (left.length < before) changedAtMs = Date.now();
    if (left.length === 0 || Date.now() - changedAtMs > PATIENCE_MS) break;
    await wait(POLL_MS);
  }
  progress.end();
  for (const { problem } of left) problem.what += "; it is wanted again, and isn't stored yet";
}

function awaitedOf({ version, primary, copies }: AilingCopies): readonly Awaited[] {
  if (primary !== undefined && primary.mended === undefined) return [];
  return copies.map(({ target, problem }) => {
    const tries = version.copies.find((copy) => copy.target === target.name)?.tries ?? 0;
    return { version, target, problem, tries, triesLeft: MAX_TRIES };
  });
}

/** Their records call them stored no more, nobody is sent there, and cron sends their jobs within a minute. */
async function want(api: Api, copies: readonly Awaited[]): Promise<void> {
  for (const target of new Set(copies.map((each) => each.target.name))) {
    const versions = copies
      .filter((each) => each.target.name === target)
      .map(({ version: { fileId, version } }) => ({ fileId, version }));
    for (let first = 0; first < versions.length; first += MAX_RETRIED) {
      const wish: CopyRetryRequest = { target, versions: versions.slice(first, first + MAX_RETRIED) };
      await ask(api, "/v1/admin/replicas/retry", RetriedCopies, wish);
    }
  }
}

/** By what their records have now. What has come to nothing once is wanted once more. */
async function findUndone(
  api: Api,
  awaited: readonly Awaited[],
  after: string | null,
): Promise<readonly Awaited[]> {
  const versions = awaited.map(({ version }) => version);
  const records = await findRecords(api, versions, after);
  const undone: Awaited[] = [];
  const failed: Awaited[] = [];
  for (const each of awaited) {
    const record = records.get(nameOf(each.version));
    const copy = record?.copies.find(({ target }) => target === each.target.name);
    if (copy === undefined) {
      each.problem.mended = "isn't wanted any more";
    } else if (copy.state === "stored") {
      await readAgain(each);
    } else if (copy.tries <= each.tries) {
      undone.push(each);
    } else {
      each.tries = copy.tries;
      each.triesLeft -= 1;
      if (each.triesLeft > 0) failed.push(each);
      else each.problem.what += `; it couldn't be replaced: ${copy.error ?? "nothing is said why"}`;
    }
  }
  await want(api, failed);
  return [...undone, ...failed].toSorted((a, b) => (a.version.fileId < b.version.fileId ? -1 : 1));
}

async function readAgain({ target, version, problem }: Awaited): Promise<void> {
  const seen = await seeCopy(target, version);
  if (seen.state === "right") problem.mended = "copied again";
  else problem.what += `; when it was copied again, it ${seen.what}`;
}
