import { storedCopiesOf, seeCopy } from "./look.ts";
import type { ReplicaOptions } from "./options.ts";
import { openPrimary } from "./primary.ts";
import { survey } from "./survey.ts";

/** Reads copies back, and with `--primary` what they are copies of. Changes nothing. */
export async function verify(options: ReplicaOptions): Promise<number> {
  const primary = options.primary ? openPrimary(options.env) : undefined;
  return survey(options, async (version) => {
    const problems = [];
    let verified = 0;
    let readBytes = 0;
    const places = storedCopiesOf(version, options.targets, options.against === undefined);
    for (const { target, since } of places) {
      const seen = await seeCopy(target, version);
      readBytes += version.sizeBytes;
      if (seen.state === "right") verified += 1;
      else problems.push({ where: target.name, what: seen.what, since });
    }
    const wrong = await primary?.findFault(version);
    if (wrong !== undefined) problems.push({ where: "primary", what: wrong, since: null });
    return { verified, problems, readBytes };
  });
}
