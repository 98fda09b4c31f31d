import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { Mutant } from "./mutants.ts";

const Result = z.object({
  file: z.string(),
  line: z.int(),
  operator: z.string(),
  before: z.string(),
  start: z.int(),
  /**
   * `refused`: by types, or as a promise that nobody waits for, before any test. `equivalent`: one that survived and of
   * which somebody has found, and written here, that it changes nothing. Both count for nothing.
   */
  outcome: z.enum(["killed", "survived", "timeout", "refused", "equivalent"]),
  /** The first test that noticed. */
  by: z.string(),
  seconds: z.int(),
});
export type Result = z.infer<typeof Result>;

const Outcomes = z.object({ commit: z.string(), seed: z.int(), results: z.array(Result) });
export type Outcomes = z.infer<typeof Outcomes>;

/** What an earlier run has found, or undefined. */
export function readOutcomes(path: string): Outcomes | undefined {
  return existsSync(path) ? Outcomes.parse(JSON.parse(readFileSync(path, "utf8"))) : undefined;
}

export function writeOutcomes(path: string, outcomes: Outcomes): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(outcomes, undefined, 1));
}

export function isResultOf({ file, start, operator }: Mutant): (result: Result) => boolean {
  return (result) => result.file === file && result.start === start && result.operator === operator;
}

export function describe(mutant: Pick<Mutant, "file" | "line" | "operator" | "before">): string {
  const { file, line, operator, before } = mutant;
  return `${file}:${line} ${operator}: ${before.replaceAll(/\s+/g, " ").slice(0, 60)}`;
}

/** E.g. "50 of 55 mutants were noticed; 5 more count for nothing.", and which weren't. */
export function formatScore({ results }: Outcomes): string {
  const viable = results.filter(({ outcome }) => outcome !== "refused" && outcome !== "equivalent");
  const survived = viable.filter(({ outcome }) => outcome === "survived");
  const noticed = `${viable.length - survived.length} of ${viable.length} mutants were noticed`;
  return [
    `${noticed}; ${results.length - viable.length} more count for nothing.`,
    ...survived.map((each) => `survived: ${describe(each)}`),
  ].join("\n");
}
