import type { VersionLine } from "./findings-file.ts";
import type { ReplicaOptions } from "./options.ts";
import { print, printTable } from "./print.ts";

export interface Summary {
  versions: number;
  verified: number;
  readBytes: number;
  readonly findings: VersionLine[];
  root: string;
}

const MAX_ROWS = 50;

/** Gives the exit code: 1 where something is wrong that wasn't mended. */
export function printSummary(options: ReplicaOptions, summary: Summary): number {
  const { versions, verified, readBytes, findings, root } = summary;
  const problems = findings.flatMap(({ fileId, version, problems: all }) =>
    all.map((problem) => ({ fileId, version, ...problem })),
  );
  const left = problems.filter(({ mended }) => mended === undefined);
  if (options.json) {
    print(JSON.stringify({ versions, verifiedCopies: verified, readBytes, problems, merkleRoot: root }));
  } else {
    const rows = problems
      .slice(0, MAX_ROWS)
      .map(({ fileId, version, where, what, since, mended }) => [
        ...[fileId, String(version), where, what, since ?? "", mended ?? ""],
      ]);
    if (rows.length > 0) printTable(["file", "version", "where", "what", "right at", "mended"], rows);
    if (problems.length > MAX_ROWS) print(`… and ${problems.length - MAX_ROWS} more.`);
    const ofPrimary = isPrimaryRead(options) ? ` ${describePrimary(problems)};` : "";
    print(
      `${versions} versions; ${verified} copies read and right;${ofPrimary} ${left.length} problems left.`,
    );
    print(`Merkle root over key, size and SHA-256: ${root}`);
  }
  return left.length === 0 ? 0 : 1;
}

function isPrimaryRead({ command, primary }: ReplicaOptions): boolean {
  return command === "repair" || (command === "verify" && primary);
}

function describePrimary(problems: readonly { readonly where: string }[]): string {
  const count = problems.filter(({ where }) => where === "primary").length;
  return count === 0
    ? "the primary's objects read and right"
    : `${count} of the primary's objects weren't right`;
}
