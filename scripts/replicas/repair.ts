import type { ReplicatedVersion } from "#contract/replicas.ts";
import { copyToTargets } from "../../processor/replicate/copy-to-targets.ts";
import type { CopyFacts, ReplicaTarget } from "../../processor/replicate/target.ts";
import type { Problem } from "./findings-file.ts";
import { copiesOf, seeCopy } from "./look.ts";
import type { ReplicaOptions } from "./options.ts";
import { openPrimary, type Primary } from "./primary.ts";
import { type Found, survey } from "./survey.ts";

const COPY_DEADLINE_MS = 3_600_000;

/** Verifies copies and primary, and makes what is wrong again of what is right. */
export async function repair(options: ReplicaOptions): Promise<number> {
  if (options.against !== undefined)
    throw new Error("repair goes by the records: --against is for verify and drill.");
  const primary = openPrimary(options.env);
  return survey(options, (version) => mend(options, primary, version));
}

async function mend(options: ReplicaOptions, primary: Primary, version: ReplicatedVersion): Promise<Found> {
  const isChanging = !options["dry-run"];
  const right: ReplicaTarget[] = [];
  const wrong: { target: ReplicaTarget; problem: Problem }[] = [];
  const places = copiesOf(version, options.targets, true);
  for (const { target, since } of places) {
    const seen = await seeCopy(target, version);
    if (seen.state === "right") right.push(target);
    else wrong.push({ target, problem: { where: target.name, what: seen.what, since } });
  }
  const problems = wrong.map(({ problem }) => problem);
  const fault = await primary.findFault(version);
  if (fault !== undefined) {
    const problem: Problem = { where: "primary", what: fault, since: null };
    problems.push(isChanging ? await mendPrimary(primary, version, right, problem) : problem);
  }
  const isPrimaryRight = fault === undefined || problems.at(-1)?.mended !== undefined;
  if (isChanging && isPrimaryRight) {
    for (const { target, problem } of wrong) await mendCopy(primary, version, target, problem);
  }
  return { verified: right.length, problems, readBytes: version.sizeBytes * (places.length + 1) };
}

/** Of the first copy that was read and is right. */
async function mendPrimary(
  primary: Primary,
  version: ReplicatedVersion,
  [from]: readonly ReplicaTarget[],
  problem: Problem,
): Promise<Problem> {
  if (from === undefined) return { ...problem, what: `${problem.what}; no copy is right either` };
  const reason = await primary.restore(version, async () => openCopy(from, version));
  if (reason !== undefined) return { ...problem, what: `${problem.what}; ${reason}` };
  const still = await primary.findFault(version);
  if (still !== undefined) return { ...problem, what: `written again from ${from.name}, but ${still}` };
  return { ...problem, mended: `from ${from.name}` };
}

async function openCopy(from: ReplicaTarget, version: ReplicatedVersion): Promise<AsyncIterable<Uint8Array>> {
  const found = await from.read(version.objectKey, undefined, AbortSignal.timeout(COPY_DEADLINE_MS));
  if (found === undefined) throw new Error(`${from.name} has lost a copy while it was read.`);
  return found.body;
}

/** Removes what is wrong, and copies it again. */
async function mendCopy(
  primary: Primary,
  version: ReplicatedVersion,
  target: ReplicaTarget,
  problem: Problem,
): Promise<void> {
  const signal = AbortSignal.timeout(COPY_DEADLINE_MS);
  const { objectKey: key, sizeBytes, sha256, mimeType: contentType } = version;
  const facts: CopyFacts = { key, sizeBytes, sha256, contentType, tags: {} };
  const source = await primary.read(version);
  if (source === undefined) return;
  const removed = await target.remove([key], signal).catch((error: unknown) => error);
  if (removed !== undefined) return;
  const outcome = (await copyToTargets(source, facts, [target], signal)).get(target.name);
  if (outcome?.state === "stored") problem.mended = "copied again";
}
