import type { FileResult, Results } from "./results.ts";

/** So many files at once aren't unlucky: something is broken, and all of them again would only say it later. */
const MOST_FILES = 10;

/** Runs one file alone. */
export type RunFile = (file: string) => Promise<Results>;

/** Tests that failed and then passed, by the files they are in. */
export interface Flaky {
  readonly file: string;
  readonly test: string;
}

/**
 * Runs each file that failed once more, alone: what counts is how it ends then. What passes then was flaky, which is a
 * defect too, but nobody else's.
 */
export async function rerunFailed(
  { files, strayErrors }: Results,
  run: RunFile,
): Promise<{ results: Results; flaky: readonly Flaky[] }> {
  const unsound = files.filter(({ isSound }) => !isSound);
  if (unsound.length > MOST_FILES) return { results: { files, strayErrors }, flaky: [] };
  const merged = new Map(files.map((each) => [each.file, each]));
  const flaky: Flaky[] = [];
  let errors = strayErrors;
  for (const first of unsound) {
    const again = await run(first.file);
    errors += again.strayErrors;
    const second = again.files.find(({ file }) => file === first.file);
    if (second === undefined) continue;
    merged.set(first.file, second);
    flaky.push(...findFlaky(first, second));
  }
  return { results: { files: [...merged.values()], strayErrors: errors }, flaky };
}

function findFlaky({ file, failed }: FileResult, second: FileResult): Flaky[] {
  // None failed where the file as a whole did, at loading or in a hook.
  if (failed.length === 0 && second.isSound) return [{ file, test: "(all of it)" }];
  return failed.filter((name) => second.passed.includes(name)).map((test) => ({ file, test }));
}
