import { relative } from "node:path";
import type { Vitest } from "vitest/node";

export interface FileResult {
  /** From the root of the tests. */
  readonly file: string;
  /** False for a file that didn't load, too, in which no test failed. */
  readonly isSound: boolean;
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** Tests that nobody ran. */
  readonly skipped: readonly string[];
}

export interface Results {
  readonly files: readonly FileResult[];
  /** What went wrong outside of tests, such as starting the stack they share: no file can be blamed for it. */
  readonly strayErrors: number;
}

/** What a run that is over has found. */
export function readResults({ state, config }: Vitest): Results {
  const files = state.getTestModules().map((module): FileResult => {
    const tests = [...module.children.allTests()].map((each) => ({
      name: each.fullName,
      state: each.result().state,
    }));
    const namesOf = (...states: string[]) =>
      tests.filter((each) => states.includes(each.state)).map(({ name }) => name);
    return {
      file: relative(config.root, module.moduleId),
      isSound: module.ok(),
      passed: namesOf("passed"),
      failed: namesOf("failed"),
      skipped: namesOf("skipped", "pending"),
    };
  });
  return { files, strayErrors: state.getUnhandledErrors().length };
}

/** How many tests passed, and how many things failed: tests, files that didn't load, errors outside of tests. */
export function countResults({ files, strayErrors }: Results): { passed: number; failed: number } {
  const failuresOf = ({ isSound, failed }: FileResult) => Math.max(failed.length, isSound ? 0 : 1);
  return {
    passed: files.reduce((sum, { passed }) => sum + passed.length, 0),
    failed: files.reduce((sum, each) => sum + failuresOf(each), strayErrors),
  };
}
