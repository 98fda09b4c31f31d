import { setTimeout as wait } from "node:timers/promises";
import { MAX_REPAIRS, QueuedRepairs } from "#contract/repairs.ts";
import type { ReplicatedVersion } from "#contract/replicas.ts";
import { type Api, ask } from "./api.ts";
import type { Problem } from "./findings-file.ts";
import type { Primary } from "./primary.ts";
import { Progress } from "./progress.ts";
import { findRecords, nameOf } from "./records.ts";

const POLL_MS = 1_000;
/** Nothing is made again for so long: then it isn't waited for any longer. A processor may be at one object for ten minutes. */
const PATIENCE_MS = 660_000;

/** A version with something wrong, in the primary or elsewhere. */
export interface AilingVersion {
  /** As the record has it: another ETag, when the object was made again. */
  version: ReplicatedVersion;
  /** A target whose copy was just found to be right. */
  readonly from: string | undefined;
  /** Of the primary's object; undefined where it is right. */
  readonly primary: Problem | undefined;
}

/** One whose object is to be made again. */
interface Awaited {
  readonly ailing: AilingVersion;
  readonly from: string;
  readonly problem: Problem;
}

/**
 * Has the objects of a page's versions made again that are missing or wrong in the primary, and waits until each is read as
 * it should be. What was done stands in the problems; and in the versions how their records have them then.
 * @param after the cursor that the page begins behind
 */
export async function repairPrimary(
  api: Api,
  primary: Primary,
  page: readonly AilingVersion[],
  after: string | null,
): Promise<void> {
  const wanted = page.flatMap((ailing) => awaitedOf(ailing) ?? []);
  const queued: Awaited[] = [];
  for (let first = 0; first < wanted.length; first += MAX_REPAIRS) {
    queued.push(...(await queue(api, wanted.slice(first, first + MAX_REPAIRS))));
  }
  if (queued.length > 0) await follow(api, primary, queued, after);
}

function awaitedOf(ailing: AilingVersion): Awaited | undefined {
  const { primary: problem, from } = ailing;
  if (problem === undefined) return undefined;
  if (from !== undefined) return { ailing, from, problem };
  problem.what += "; no copy is right either";
  return undefined;
}

/** Gives those that a job was sent for. */
async function queue(api: Api, wanted: readonly Awaited[]): Promise<readonly Awaited[]> {
  const versions = wanted.map(({ ailing, from }) => {
    const { fileId, version } = ailing.version;
    return { fileId, version, target: from };
  });
  const { queued } = await ask(api, "/v1/admin/replicas/repair", QueuedRepairs, { versions });
  const names = new Set(queued.map(nameOf));
  const known = wanted.filter(({ ailing }) => names.has(nameOf(ailing.version)));
  const unknown = wanted.filter((each) => !known.includes(each));
  for (const { problem } of unknown) problem.what += "; its record has changed meanwhile";
  return known;
}

/** Until all are right, or none has become right for long. */
async function follow(
  api: Api,
  primary: Primary,
  queued: readonly Awaited[],
  after: string | null,
): Promise<void> {
  const progress = new Progress("objects made again");
  let left = queued;
  let changedAtMs = Date.now();
  for (;;) {
    const before = left.length;
    left = await findUndone(api, primary, left, after);
    progress.set(queued.length - left.length, queued.length);
    if (left.length < before) changedAtMs = Date.now();
    if (left.length === 0 || Date.now() - changedAtMs > PATIENCE_MS) break;
    await wait(POLL_MS);
  }
  progress.end();
  for (const { problem } of left)
    problem.what += "; its repair is queued, and isn't done: the processor's log says why";
}

/** Looks at each once more, by what its record has now: a repair may have given it another ETag. */
async function findUndone(
  api: Api,
  primary: Primary,
  awaited: readonly Awaited[],
  after: string | null,
): Promise<readonly Awaited[]> {
  const versions = awaited.map(({ ailing }) => ailing.version);
  const records = await findRecords(api, versions, after);
  const undone: Awaited[] = [];
  for (const each of awaited) {
    const version = records.get(nameOf(each.ailing.version));
    if (version === undefined) {
      each.problem.mended = "removed meanwhile";
    } else if ((await primary.findFault(version)) === undefined) {
      each.ailing.version = version;
      each.problem.mended = `from ${each.from}`;
    } else {
      undone.push(each);
    }
  }
  return undone;
}
