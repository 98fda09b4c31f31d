import type { ReplicatedVersion } from "#contract/replicas.ts";
import { type Api, readVersions } from "./api.ts";

type Named = Pick<ReplicatedVersion, "fileId" | "version">;

/**
 * Versions' records as they are now, by `nameOf`; without those that are there no more. New files' ids may have come
 * between theirs, and make it more pages.
 * @param wanted in the order of their files' ids
 * @param after the cursor that their page begins behind
 */
export async function findRecords(
  api: Api,
  wanted: readonly Named[],
  after: string | null,
): Promise<ReadonlyMap<string, ReplicatedVersion>> {
  const names = new Set(wanted.map(nameOf));
  const lastId = wanted.at(-1)?.fileId ?? "";
  const records = new Map<string, ReplicatedVersion>();
  for await (const { items } of readVersions(api, after)) {
    for (const version of items) if (names.has(nameOf(version))) records.set(nameOf(version), version);
    if (records.size === names.size || items.some(({ fileId }) => fileId > lastId)) break;
  }
  return records;
}

export function nameOf({ fileId, version }: Named): string {
  return `${fileId}.${version}`;
}
