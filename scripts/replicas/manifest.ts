import type { ReplicatedVersion } from "#contract/replicas.ts";
import type { VersionPage } from "./api.ts";
import { type EndLine, readLines } from "./findings-file.ts";
import { MerkleRoot } from "./merkle.ts";
import type { ReplicaOptions } from "./options.ts";

/**
 * Versions as an earlier survey has them, a page each; a cursor is how many came before. Throws a sentence for people where
 * it is another tenant's, and where it was cut or changed: its root isn't that of its lines.
 */
export async function* readManifest(
  path: string,
  tenant: ReplicaOptions["tenant"],
  cursor: string | null,
): AsyncGenerator<VersionPage> {
  const count = await checkManifest(path, tenant);
  const seen = Number(cursor ?? 0);
  let index = 0;
  for await (const { line } of readLines(path)) {
    if (line.kind !== "version") continue;
    index += 1;
    if (index <= seen) continue;
    const { key: objectKey, ...rest } = line;
    const version = { ...rest, objectKey, etag: "", mimeType: "", copies: [] };
    yield {
      items: [version as unknown as ReplicatedVersion],
      nextCursor: index < count ? String(index) : null,
    };
  }
}

/** Gives how many versions it has. */
async function checkManifest(path: string, tenant: ReplicaOptions["tenant"]): Promise<number> {
  const root = new MerkleRoot();
  let end: EndLine | undefined;
  for await (const { line } of readLines(path)) {
    if (line.kind === "begin" && line.tenant !== tenant)
      throw new Error(`${path} is of tenant ${line.tenant}, not of ${tenant}.`);
    if (line.kind === "version") root.add(line);
    if (line.kind === "end") end = line;
  }
  if (end === undefined) throw new Error(`${path} has no end: the survey that wrote it wasn't finished.`);
  if (root.finish() !== end.root)
    throw new Error(`${path} isn't as it was written: its Merkle root is another.`);
  return root.count;
}
