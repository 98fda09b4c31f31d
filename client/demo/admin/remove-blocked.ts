import type { BlockedVersion } from "#contract/quarantine.ts";
import type { Client } from "../../index.ts";

/** So many are asked for at once. */
const AT_ONCE = 5;

export interface Removal {
  readonly removed: readonly BlockedVersion[];
  /** Of the others, why the first wasn't. */
  readonly error: unknown;
}

/** Removes versions for good, each by itself: what fails holds up no other. */
export async function removeBlocked(client: Client, versions: readonly BlockedVersion[]): Promise<Removal> {
  const removed: BlockedVersion[] = [];
  let error: unknown;
  for (let from = 0; from < versions.length; from += AT_ONCE) {
    const some = versions.slice(from, from + AT_ONCE);
    const results = await Promise.allSettled(
      some.map(({ fileId, version }) => client.admin.quarantine.remove(fileId, version)),
    );
    for (const [index, result] of results.entries()) {
      const version = some[index];
      if (result.status === "rejected") error ??= result.reason;
      else if (version !== undefined) removed.push(version);
    }
  }
  return { removed, error };
}
