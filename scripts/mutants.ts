import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { PROJECT_ROOT } from "./dev/bundle.ts";
import { onEndingSignal } from "./dev/signals.ts";
import { chooseSome } from "./mutants/choice.ts";
import type { Mutant } from "./mutants/mutants.ts";
import { findMutants } from "./mutants/mutants.ts";
import { testsOf } from "./mutants/tests-of.ts";
import { addWorktree, readCommit } from "./mutants/worktree.ts";

/**
 * Changes the sources a little, one change at a time, and looks whether a test notices. What survives is either a test
 * that is missing or a change that changes nothing. May be stopped and run again: it goes on where it was.
 */
const USAGE = `npm run test:mutants -- [--count 60] [--seed 1] [--only PREFIX] [--limit SECONDS] [--out FILE] [--list]
What is committed is what is tested. --limit is for each mutant (300), --list only prints which they would be.`;

const PLACES = ["worker/uploads", "worker/services", "processor/scan"];

const Outcomes = z.object({
  commit: z.string(),
  seed: z.int(),
  results: z.array(
    z.object({
      file: z.string(),
      line: z.int(),
      operator: z.string(),
      before: z.string(),
      start: z.int(),
      outcome: z.enum(["killed", "survived", "timeout"]),
      by: z.string(),
      seconds: z.int(),
    }),
  ),
});
type Outcomes = z.infer<typeof Outcomes>;

const Options = z.object({
  count: z.coerce.number().int().min(1).default(60),
  seed: z.coerce.number().int().default(1),
  only: z.string().default(""),
  limit: z.coerce.number().int().min(1).default(300),
  out: z.string().default(".causeway/mutants.json"),
  list: z.boolean().default(false),
});

function readOptions(): z.infer<typeof Options> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: { count: text, seed: text, only: text, limit: text, out: text, list: { type: "boolean" } },
  });
  return Options.parse(values);
}

function allMutants(prefix: string): Mutant[] {
  return PLACES.flatMap((place) =>
    readdirSync(join(PROJECT_ROOT, place), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(place, name)),
  )
    .toSorted()
    .filter((file) => file.startsWith(prefix) && testsOf(file).length > 0)
    .flatMap((file) => findMutants(file, readFileSync(join(PROJECT_ROOT, file), "utf8")));
}

/** What an earlier run of the same has found. */
function readEarlier(path: string, commit: string, seed: number): Outcomes {
  if (existsSync(path)) {
    const earlier = Outcomes.parse(JSON.parse(readFileSync(path, "utf8")));
    if (earlier.commit === commit && earlier.seed === seed) return earlier;
  }
  return { commit, seed, results: [] };
}

function describe({
  file,
  line,
  operator,
  before,
}: Pick<Mutant, "file" | "line" | "operator" | "before">): string {
  return `${file}:${line} ${operator}: ${before.replaceAll(/\s+/g, " ").slice(0, 60)}`;
}

function printScore({ results }: Outcomes): void {
  const survived = results.filter(({ outcome }) => outcome === "survived");
  console.log(`\n${results.length - survived.length} of ${results.length} mutants were noticed.`);
  for (const each of survived) console.log(`survived: ${describe(each)}`);
}

async function tryMutants(
  mutants: readonly Mutant[],
  outcomes: Outcomes,
  path: string,
  limitMs: number,
): Promise<void> {
  const worktree = await addWorktree(PROJECT_ROOT);
  let isStopped = false;
  const unwatch = onEndingSignal(() => {
    isStopped = true;
  });
  try {
    for (const mutant of mutants) {
      const isDone = outcomes.results.some(
        ({ file, start, operator }) =>
          file === mutant.file && start === mutant.start && operator === mutant.operator,
      );
      if (isDone) continue;
      const beganAtMs = performance.now();
      const { outcome, by } = await worktree.test(mutant, testsOf(mutant.file), limitMs);
      // The signal has ended the tests too, which says nothing.
      if (isStopped) break;
      const seconds = Math.round((performance.now() - beganAtMs) / 1000);
      const { file, line, operator, before, start } = mutant;
      outcomes.results.push({ file, line, operator, before, start, outcome, by, seconds });
      writeFileSync(path, JSON.stringify(outcomes, undefined, 1));
      console.log(`${outcome.padEnd(8)} ${String(seconds).padStart(4)} s  ${describe(mutant)}  ${by}`);
    }
  } finally {
    unwatch();
    await worktree.remove();
  }
}

async function main({ count, seed, only, limit, out, list }: z.infer<typeof Options>): Promise<void> {
  const mutants = chooseSome(allMutants(only), count, seed);
  if (list) {
    for (const mutant of mutants) console.log(describe(mutant));
    return;
  }
  const path = resolve(PROJECT_ROOT, out);
  mkdirSync(dirname(path), { recursive: true });
  const outcomes = readEarlier(path, await readCommit(PROJECT_ROOT), seed);
  await tryMutants(mutants, outcomes, path, limit * 1000);
  printScore(outcomes);
}

try {
  await main(readOptions());
} catch (error) {
  console.error(error instanceof z.ZodError ? z.prettifyError(error) : String(error));
  console.error(`Usage: ${USAGE}`);
  process.exitCode = 1;
}
