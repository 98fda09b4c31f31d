import { z } from "zod";
import { type ReplicatedVersion, ReplicaTargetList } from "#contract/replicas.ts";
import { ask, readVersions, type VersionPage } from "./api.ts";
import { FindingsFile, type VersionLine } from "./findings-file.ts";
import { readKept } from "./kept-findings.ts";
import { readManifest } from "./manifest.ts";
import { MerkleRoot } from "./merkle.ts";
import type { ReplicaOptions } from "./options.ts";
import { Progress } from "./progress.ts";
import { printSummary, type Summary } from "./summary.ts";

/** What was found of a version, and the bytes that were read for it. */
export interface Found extends Pick<VersionLine, "verified" | "problems"> {
  readonly readBytes: number;
}

export type Look = (version: ReplicatedVersion) => Promise<Found>;
/** What is done about a page's problems before they are kept. @param after the cursor that the page begins behind */
export type Mend = (after: string | null) => Promise<void>;

/**
 * Looks at every version, page by page, and prints what came of it. With `--out` each page is kept when it is done, and a
 * second run of the same survey goes on behind the last, until the file has its end. The Merkle root is over all versions,
 * also those that a sample leaves out.
 * @returns the exit code
 */
export async function survey(options: ReplicaOptions, look: Look, mend?: Mend): Promise<number> {
  const file = new FindingsFile(options.out);
  const summary: Summary = { versions: 0, verified: 0, readBytes: 0, findings: [], root: "" };
  const root = new MerkleRoot();
  const take = (line: VersionLine): void => {
    root.add(line);
    summary.versions += 1;
    summary.verified += line.verified;
    if (line.problems.length > 0) summary.findings.push(line);
  };
  const kept = await readKept(options, file, take);
  const progress = new Progress("versions");
  progress.set(summary.versions, summary.versions + (await countVersions(options)));
  let after = kept.cursor;
  for await (const { items, nextCursor } of kept.isWhole ? [] : pagesOf(options, kept.cursor)) {
    const lines: VersionLine[] = [];
    for (const version of items) {
      const isChosen = Math.random() < options.sample;
      const { readBytes, ...found } = isChosen ? await look(version) : UNSEEN;
      lines.push(lineOf(version, found));
      summary.readBytes += readBytes;
      progress.add(1, readBytes);
      await progress.keepRate(options.rate);
    }
    await mend?.(after);
    lines.forEach(take);
    for (const line of [...lines, { kind: "page", nextCursor } as const]) file.write(line);
    after = nextCursor;
  }
  progress.end();
  summary.root = root.finish();
  file.write({ kind: "end", root: summary.root, versions: root.count });
  return printSummary(options, summary);
}

function lineOf(version: ReplicatedVersion, found: Omit<Found, "readBytes">): VersionLine {
  const { fileId, objectKey: key, sizeBytes, sha256 } = version;
  return { kind: "version", fileId, version: version.version, key, sizeBytes, sha256, ...found };
}

const UNSEEN: Found = { verified: 0, problems: [], readBytes: 0 };

function pagesOf(options: ReplicaOptions, cursor: string | null): AsyncIterable<VersionPage> {
  const { against, tenant } = options;
  return against === undefined ? readVersions(options.api, cursor) : readManifest(against, tenant, cursor);
}

/** As many as the target has that has most: for the bar alone. */
async function countVersions({ api, against }: ReplicaOptions): Promise<number> {
  if (against !== undefined) return 0;
  const { items } = await ask(api, "/v1/admin/replicas/targets", ReplicaTargetList);
  const counts = items.map(({ stored, pending, failed }) => stored + pending + failed);
  return z.number().parse(Math.max(0, ...counts));
}
