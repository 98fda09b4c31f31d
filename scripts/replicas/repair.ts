import type { ReplicatedVersion } from "#contract/replicas.ts";
import type { ReplicaTarget } from "../../processor/replicate/target.ts";
import type { Problem } from "./findings-file.ts";
import { copiesOf, seeCopy } from "./look.ts";
import type { ReplicaOptions } from "./options.ts";
import { openPrimary, type Primary } from "./primary.ts";
import { type AilingCopies, repairCopies } from "./repair-copies.ts";
import { repairPrimary } from "./repair-primary.ts";
import { type Found, survey } from "./survey.ts";

/**
 * Verifies copies and primary, and has what is wrong made again of what is right, by the processor, whose jobs it asks the
 * worker for and waits for: objects of the primary, then copies. Nothing is written here, so nothing lands where it isn't
 * wanted any more. A copy that can't be read may be right: it is told, and left as it is.
 */
export async function repair(options: ReplicaOptions): Promise<number> {
  if (options.against !== undefined)
    throw new Error("repair goes by the records: --against is for verify and drill.");
  const primary = openPrimary(options.env);
  const ailing: AilingCopies[] = [];
  const look = async (version: ReplicatedVersion): Promise<Found> => {
    const { found, ...state } = await examine(options, primary, version);
    if (found.problems.length > 0) ailing.push({ version, ...state });
    return found;
  };
  const mend = async (after: string | null): Promise<void> => {
    const ofPage = ailing.splice(0);
    await repairPrimary(options.api, primary, ofPage, after);
    await repairCopies(options.api, ofPage, after);
  };
  return survey(options, look, options["dry-run"] ? undefined : mend);
}

async function examine(
  { targets }: ReplicaOptions,
  primary: Primary,
  version: ReplicatedVersion,
): Promise<Omit<AilingCopies, "version"> & { readonly found: Found }> {
  const seen = await seeAll(version, targets);
  const fault = await primary.findFault(version);
  const ofPrimary = fault === undefined ? undefined : { where: "primary", what: fault, since: null };
  const problems = ofPrimary === undefined ? seen.problems : [...seen.problems, ofPrimary];
  const { right, copies, looks } = seen;
  const from = right[0] ?? (ofPrimary && (await findElsewhere(version, targets)));
  const found = { verified: right.length, problems, readBytes: version.sizeBytes * (looks + 1) };
  return { found, from: from?.name, primary: ofPrimary, copies };
}

/** Every copy that there is a record of, whatever it says: also one that isn't stored by it may be there, and right. */
async function seeAll(version: ReplicatedVersion, targets: readonly ReplicaTarget[]) {
  const right: ReplicaTarget[] = [];
  const copies: AilingCopies["copies"][number][] = [];
  const problems: Problem[] = [];
  const places = copiesOf(version, targets);
  for (const { target, copy } of places) {
    const seen = await seeCopy(target, version);
    if (seen.state === "right") right.push(target);
    if (seen.state === "right" && copy.state === "stored") continue;
    const what = seen.state === "right" ? `is right, and its record says ${copy.state}` : seen.what;
    const problem: Problem = { where: target.name, what, since: copy.storedAt };
    problems.push(problem);
    if (seen.state !== "unreadable") copies.push({ target, problem });
  }
  return { right, copies, problems, looks: places.length };
}

/** Where there is a right copy that no record knows of. */
async function findElsewhere(
  version: ReplicatedVersion,
  targets: readonly ReplicaTarget[],
): Promise<ReplicaTarget | undefined> {
  const known = new Set(version.copies.map(({ target }) => target));
  for (const target of targets.filter(({ name }) => !known.has(name))) {
    if ((await seeCopy(target, version)).state === "right") return target;
  }
  return undefined;
}
