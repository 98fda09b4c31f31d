import { type CopyRetryRequest, RetriedCopies } from "#contract/replica-retries.ts";
import type { ReplicatedVersion, TargetName } from "#contract/replicas.ts";
import { copyToTargets } from "../../processor/replicate/copy-to-targets.ts";
import type { CopyFacts, ReplicaTarget } from "../../processor/replicate/target.ts";
import { type Api, ask } from "./api.ts";
import type { Problem } from "./findings-file.ts";
import { copiesOf, seeCopy } from "./look.ts";
import type { ReplicaOptions } from "./options.ts";
import { openPrimary, type Primary } from "./primary.ts";
import { type AilingVersion, repairPrimary } from "./repair-primary.ts";
import { type Found, survey } from "./survey.ts";

const COPY_DEADLINE_MS = 3_600_000;

/** A version with something wrong, here or there. */
interface Ailing extends AilingVersion {
  readonly copies: readonly { readonly target: ReplicaTarget; readonly problem: Problem }[];
}

/**
 * Verifies copies and primary, and has what is wrong made again of what is right: objects of the primary by the processor,
 * whose jobs it asks the worker for and waits for; then copies, which it writes itself. A copy that can't be read may be
 * right: it is told, and left as it is.
 */
export async function repair(options: ReplicaOptions): Promise<number> {
  if (options.against !== undefined)
    throw new Error("repair goes by the records: --against is for verify and drill.");
  const primary = openPrimary(options.env);
  const ailing: Ailing[] = [];
  const look = async (version: ReplicatedVersion): Promise<Found> => {
    const { found, ...state } = await examine(options, primary, version);
    if (found.problems.length > 0) ailing.push({ version, ...state });
    return found;
  };
  const mend = async (after: string | null): Promise<void> => {
    const ofPage = ailing.splice(0);
    await repairPrimary(options.api, primary, ofPage, after);
    for (const each of ofPage) await mendCopies(options.api, primary, each);
  };
  return survey(options, look, options["dry-run"] ? undefined : mend);
}

async function examine(
  options: ReplicaOptions,
  primary: Primary,
  version: ReplicatedVersion,
): Promise<Omit<Ailing, "version"> & { readonly found: Found }> {
  const right: ReplicaTarget[] = [];
  const copies: Ailing["copies"][number][] = [];
  const problems: Problem[] = [];
  const places = copiesOf(version, options.targets, true);
  for (const { target, since } of places) {
    const seen = await seeCopy(target, version);
    if (seen.state === "right") {
      right.push(target);
      continue;
    }
    const problem: Problem = { where: target.name, what: seen.what, since };
    problems.push(problem);
    if (seen.state !== "unreadable") copies.push({ target, problem });
  }
  const fault = await primary.findFault(version);
  const ofPrimary = fault === undefined ? undefined : { where: "primary", what: fault, since: null };
  if (ofPrimary !== undefined) problems.push(ofPrimary);
  const readBytes = version.sizeBytes * (places.length + 1);
  const found = { verified: right.length, problems, readBytes };
  return { found, from: right[0]?.name, primary: ofPrimary, copies };
}

async function mendCopies(
  api: Api,
  primary: Primary,
  { version, primary: problem, copies }: Ailing,
): Promise<void> {
  const isPrimaryRight = problem === undefined || problem.mended !== undefined;
  if (!isPrimaryRight) return;
  for (const { target, problem: ofCopy } of copies) {
    const isStored = await replaceCopy(primary, version, target).catch(() => false);
    if (isStored) ofCopy.mended = "copied again";
    else ofCopy.what += await tellLost(api, version, target.name);
  }
}

/** Removes what is wrong, and copies it again. False, or a throw, where there may be no right copy now. */
async function replaceCopy(
  primary: Primary,
  version: ReplicatedVersion,
  target: ReplicaTarget,
): Promise<boolean> {
  const signal = AbortSignal.timeout(COPY_DEADLINE_MS);
  const { objectKey: key, sizeBytes, sha256, mimeType: contentType } = version;
  const facts: CopyFacts = { key, sizeBytes, sha256, contentType };
  const source = await primary.read(version);
  if (source === undefined) return false;
  await target.remove([key], signal);
  const outcome = (await copyToTargets(source, facts, [target], signal)).get(target.name);
  return outcome?.state === "stored";
}

/** The record calls the copy stored no more then, nobody is sent there, and cron has it made again. Gives what to say of it. */
async function tellLost(
  api: Api,
  { fileId, version }: ReplicatedVersion,
  target: TargetName,
): Promise<string> {
  const lost: CopyRetryRequest = { target, versions: [{ fileId, version }] };
  const told = await ask(api, "/v1/admin/replicas/retry", RetriedCopies, lost).catch(() => undefined);
  return told?.copies === 1
    ? "; it couldn't be replaced, and is wanted again"
    : "; it couldn't be replaced, and its record still calls it stored";
}
