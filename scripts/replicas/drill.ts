import { seeCopy, storedCopiesOf } from "./look.ts";
import type { ReplicaOptions } from "./options.ts";
import { print } from "./print.ts";
import { survey } from "./survey.ts";

/**
 * As if the primary were gone: every version has to come whole from some target, one that its record calls stored or, where
 * none of these helps, any other. Changes nothing.
 */
export async function drill(options: ReplicaOptions): Promise<number> {
  const firstBytes = new Map<string, number[]>();
  const code = await survey(options, async (version) => {
    let verified = 0;
    const tried: string[] = [];
    const areRecordsAsked = options.against === undefined;
    const stored = storedCopiesOf(version, options.targets, areRecordsAsked).map(({ target }) => target);
    for (const target of [...stored, ...options.targets.filter((each) => !stored.includes(each))]) {
      if (verified > 0 && !stored.includes(target)) break;
      const seen = await seeCopy(target, version);
      if (seen.state === "right") {
        verified += 1;
        const times = firstBytes.get(target.name) ?? [];
        firstBytes.set(target.name, [...times.slice(-999), seen.firstByteMs]);
      } else {
        tried.push(`${target.name}: ${seen.what}`);
      }
    }
    const what = tried.join("; ").slice(0, 300);
    const problems = verified > 0 ? [] : [{ where: "everywhere", what, since: null }];
    return { verified, problems, readBytes: version.sizeBytes * (verified + tried.length) };
  });
  if (!options.json) printTimes(firstBytes);
  return code;
}

function printTimes(firstBytes: ReadonlyMap<string, readonly number[]>): void {
  for (const [name, times] of firstBytes) {
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0);
    print(`${name}: to the answer ${at(0.5)} ms (median), ${at(0.95)} ms (95th percentile).`);
  }
}
