import { z } from "zod";
import { type ReplicatedVersion, ReplicaTargetList } from "#contract/replicas.ts";
import { ask, readVersions, type VersionPage } from "./api.ts";
import { type EndLine, FindingsFile, readLines, type VersionLine } from "./findings-file.ts";
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
 * second run goes on behind the last. The Merkle root is over all versions, also those that a sample leaves out.
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
  for await (const { items, nextCursor } of kept.isDone ? [] : pagesOf(options, kept.cursor)) {
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
  if (!kept.isDone) file.write({ kind: "end", root: summary.root, versions: root.count });
  return printSummary(options, summary);
}

function lineOf(version: ReplicatedVersion, found: Omit<Found, "readBytes">): VersionLine {
  const { fileId, objectKey: key, sizeBytes, sha256 } = version;
  return { kind: "version", fileId, version: version.version, key, sizeBytes, sha256, ...found };
}

const UNSEEN: Found = { verified: 0, problems: [], readBytes: 0 };

interface Kept {
  readonly cursor: string | null;
  readonly isDone: boolean;
}

async function readKept(
  { out }: ReplicaOptions,
  file: FindingsFile,
  take: (line: VersionLine) => void,
): Promise<Kept> {
  if (out === undefined) return { cursor: null, isDone: false };
  let kept: Kept = { cursor: null, isDone: false };
  let page: VersionLine[] = [];
  let doneByte = 0;
  for await (const { line, endByte } of readLines(out)) {
    if (line.kind === "end") return { ...kept, isDone: true };
    if (line.kind === "version") {
      page.push(line);
      continue;
    }
    page.forEach(take);
    page = [];
    kept = { cursor: line.nextCursor, isDone: line.nextCursor === null };
    doneByte = endByte;
  }
  file.cutAt(doneByte);
  return kept;
}

function pagesOf(options: ReplicaOptions, cursor: string | null): AsyncIterable<VersionPage> {
  if (options.against !== undefined) return readManifest(options.against);
  return readVersions(options.api, cursor);
}

/** Versions as an earlier survey has them. Throws where its file was cut or changed: its root isn't that of its lines. */
async function* readManifest(path: string): AsyncGenerator<VersionPage> {
  const root = new MerkleRoot();
  let end: EndLine | undefined;
  for await (const { line } of readLines(path)) {
    if (line.kind === "version") root.add(line);
    if (line.kind === "end") end = line;
  }
  if (end === undefined) throw new Error(`${path} has no end: the survey that wrote it wasn't finished.`);
  if (root.finish() !== end.root)
    throw new Error(`${path} isn't as it was written: its Merkle root is another.`);
  for await (const { line } of readLines(path)) {
    if (line.kind !== "version") continue;
    const { key: objectKey, ...rest } = line;
    const version = { ...rest, objectKey, etag: "", mimeType: "", copies: [] };
    yield { items: [version as unknown as ReplicatedVersion], nextCursor: null };
  }
}

/** As many as the target has that has most: for the bar alone. */
async function countVersions({ api, against }: ReplicaOptions): Promise<number> {
  if (against !== undefined) return 0;
  const { items } = await ask(api, "/v1/admin/replicas/targets", ReplicaTargetList);
  const counts = items.map(({ stored, pending, failed }) => stored + pending + failed);
  return z.number().parse(Math.max(0, ...counts));
}
