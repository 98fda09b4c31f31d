import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { PROJECT_ROOT } from "./dev/bundle.ts";
import { onEndingSignal } from "./dev/signals.ts";
import { chooseSome } from "./mutants/choice.ts";
import type { Mutant } from "./mutants/mutants.ts";
import { findMutants } from "./mutants/mutants.ts";
import type { Outcomes } from "./mutants/outcomes.ts";
import { describe, formatScore, isResultOf, readOutcomes, writeOutcomes } from "./mutants/outcomes.ts";
import { findSources, PLACES } from "./mutants/sources.ts";
import { testsOf } from "./mutants/tests-of.ts";
import type { Worktree } from "./mutants/worktree.ts";
import { addWorktree, isSameIn, readCommit } from "./mutants/worktree.ts";

/**
 * Changes the sources a little, one change at a time, and looks whether a test notices. What survives is either a test
 * that is missing or a change that changes nothing. May be stopped and run again: it goes on where it was.
 */
const USAGE = `npm run test:mutants -- [--count 60] [--seed 1] [--only PREFIX] [--limit SECONDS] [--out FILE]
  [--list | --baseline | --survivors]
What is committed is what is tested. --limit is for each mutant (300): for the tests that need no stack, and for the
others. --list only prints which they would be, --baseline runs their tests with nothing changed, and --survivors tries
again what an earlier run of theirs let survive, with the tests of now.`;

const Options = z.object({
  count: z.coerce.number().int().min(1).default(60),
  seed: z.coerce.number().int().default(1),
  only: z.string().default(""),
  limit: z.coerce.number().int().min(1).default(300),
  out: z.string().default(".causeway/mutants.json"),
  list: z.boolean().default(false),
  baseline: z.boolean().default(false),
  survivors: z.boolean().default(false),
});
type Options = z.infer<typeof Options>;

function readOptions(): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    options: {
      ...{ count: text, seed: text, only: text, limit: text, out: text },
      ...{ list: flag, baseline: flag, survivors: flag },
    },
  });
  return Options.parse(values);
}

/** What an earlier run has found for the same sources and seed: for its survivors there may be tests by now. */
async function takeUp(path: string, { seed, survivors }: Options): Promise<Outcomes> {
  const commit = await readCommit(PROJECT_ROOT);
  const earlier = readOutcomes(path);
  const isSame = earlier?.seed === seed && (await isSameIn(PROJECT_ROOT, [earlier.commit, commit], PLACES));
  const results = isSame ? earlier.results : [];
  return {
    commit,
    seed,
    results: survivors ? results.filter(({ outcome }) => outcome !== "survived") : results,
  };
}

async function tryMutants(
  worktree: Worktree,
  mutants: readonly Mutant[],
  outcomes: Outcomes,
  path: string,
  limitMs: number,
): Promise<void> {
  let isStopped = false;
  const unwatch = onEndingSignal(() => {
    isStopped = true;
  });
  try {
    for (const mutant of mutants) {
      if (outcomes.results.some(isResultOf(mutant))) continue;
      const beganAtMs = performance.now();
      const { outcome, by } = await worktree.test(mutant, testsOf(PROJECT_ROOT, mutant.file), limitMs);
      // The signal has ended the tests too, which says nothing.
      if (isStopped) break;
      const seconds = Math.round((performance.now() - beganAtMs) / 1000);
      const { file, line, operator, before, start } = mutant;
      outcomes.results.push({ file, line, operator, before, start, outcome, by, seconds });
      writeOutcomes(path, outcomes);
      console.log(`${outcome.padEnd(8)} ${String(seconds).padStart(4)} s  ${describe(mutant)}  ${by}`);
    }
  } finally {
    unwatch();
  }
}

async function work(worktree: Worktree, mutants: readonly Mutant[], options: Options): Promise<void> {
  if (options.baseline) {
    const tests = new Set(mutants.flatMap(({ file }) => testsOf(PROJECT_ROOT, file)));
    if (!(await worktree.testUnchanged([...tests]))) throw new Error("Some tests fail with nothing changed.");
    return;
  }
  const path = resolve(PROJECT_ROOT, options.out);
  const outcomes = await takeUp(path, options);
  await tryMutants(worktree, mutants, outcomes, path, options.limit * 1000);
  console.log(`\n${formatScore(outcomes)}`);
}

async function main(options: Options): Promise<void> {
  const all = findSources(PROJECT_ROOT)
    .filter((file) => file.startsWith(options.only))
    .flatMap((file) => findMutants(file, readFileSync(join(PROJECT_ROOT, file), "utf8")));
  const mutants = chooseSome(all, options.count, options.seed);
  if (options.list) {
    for (const mutant of mutants) console.log(describe(mutant));
    return;
  }
  const worktree = await addWorktree(PROJECT_ROOT);
  try {
    await work(worktree, mutants, options);
  } finally {
    await worktree.remove();
  }
}

try {
  await main(readOptions());
} catch (error) {
  console.error(error instanceof z.ZodError ? z.prettifyError(error) : String(error));
  console.error(`Usage: ${USAGE}`);
  process.exitCode = 1;
}
