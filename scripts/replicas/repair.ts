import type { ReplicatedVersion } from "#contract/replicas.ts";
import { copyToTargets } from "../../processor/replicate/copy-to-targets.ts";
import type { CopyFacts, ReplicaTarget } from "../../processor/replicate/target.ts";
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
 * whose jobs it asks the worker for and waits for; then copies, which it writes itself.
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
    for (const each of ofPage) await mendCopies(primary, each);
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
  const places = copiesOf(version, options.targets, true);
  for (const { target, since } of places) {
    const seen = await seeCopy(target, version);
    if (seen.state === "right") right.push(target);
    else copies.push({ target, problem: { where: target.name, what: seen.what, since } });
  }
  const fault = await primary.findFault(version);
  const ofPrimary = fault === undefined ? undefined : { where: "primary", what: fault, since: null };
  const problems = [...copies.map(({ problem }) => problem), ...(ofPrimary ? [ofPrimary] : [])];
  const readBytes = version.sizeBytes * (places.length + 1);
  const found = { verified: right.length, problems, readBytes };
  return { found, from: right[0]?.name, primary: ofPrimary, copies };
}

async function mendCopies(primary: Primary, { version, primary: problem, copies }: Ailing): Promise<void> {
  const isPrimaryRight = problem === undefined || problem.mended !== undefined;
  if (!isPrimaryRight) return;
  for (const copy of copies) await mendCopy(primary, version, copy.target, copy.problem);
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
