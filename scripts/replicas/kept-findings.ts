import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type BeginLine, type FindingsFile, readLines, type VersionLine } from "./findings-file.ts";
import type { ReplicaOptions } from "./options.ts";

/** How far an earlier run came. */
export interface Kept {
  readonly cursor: string | null;
  /** All pages are there, and only the end is lacking. */
  readonly isWhole: boolean;
}

/**
 * Takes what an earlier run of the same survey has kept, and makes the file ready to be gone on with. Throws a sentence for
 * people where the file is finished, another survey's, or no file of findings at all: what is kept there is never looked at
 * again, nor written over.
 */
export async function readKept(
  options: ReplicaOptions,
  file: FindingsFile,
  take: (line: VersionLine) => void,
): Promise<Kept> {
  const { out } = options;
  let kept: Kept = { cursor: null, isWhole: false };
  if (out === undefined) return kept;
  const own = describeSurvey(options);
  if ((statSync(out, { throwIfNoEntry: false })?.size ?? 0) === 0) {
    file.write(own);
    return kept;
  }
  let begin: BeginLine | undefined;
  let page: VersionLine[] = [];
  let doneByte = 0;
  for await (const { line, endByte } of readLines(out)) {
    if (begin === undefined) {
      begin = checkBegin(out, line.kind === "begin" ? line : undefined, own);
      doneByte = endByte;
    } else if (line.kind === "end") {
      throw new Error(`${out} is finished, and nothing would be looked at: choose another name for --out.`);
    } else if (line.kind === "version") {
      page.push(line);
    } else if (line.kind === "page") {
      page.forEach(take);
      page = [];
      kept = { cursor: line.nextCursor, isWhole: line.nextCursor === null };
      doneByte = endByte;
    }
  }
  checkBegin(out, begin, own);
  file.cutAt(doneByte);
  return kept;
}

/** What has to be the same for a file to be gone on with. */
function describeSurvey(options: ReplicaOptions): BeginLine {
  const { tenant, command, targets, sample, primary, against } = options;
  return {
    kind: "begin",
    ...{ tenant, command, sample, primary, dryRun: options["dry-run"] },
    targets: targets.map(({ name }) => name),
    against: against === undefined ? null : resolve(against),
  };
}

function checkBegin(out: string, begin: BeginLine | undefined, own: BeginLine): BeginLine {
  if (begin === undefined)
    throw new Error(
      `${out} doesn't begin as findings do, and stays as it is: choose another name for --out.`,
    );
  const names = Object.keys(own) as (keyof BeginLine)[];
  const other = names.find((name) => JSON.stringify(begin[name]) !== JSON.stringify(own[name]));
  if (other === undefined) return begin;
  const [its, ours] = [begin, own].map((line) => JSON.stringify(line[other]));
  throw new Error(
    `${out} is another survey's (${other} ${its}, not ${ours}): choose another name for --out.`,
  );
}
