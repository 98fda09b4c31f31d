import { readdirSync } from "node:fs";
import { join } from "node:path";
import { strayKeys, testsOf } from "./tests-of.ts";

/** Where mutants are made. */
export const PLACES = ["worker/uploads", "worker/services", "processor/scan"];

/**
 * The files there.
 * @throws unless each of them has tests, and the list of tests nothing of files that aren't there
 */
export function findSources(root: string): readonly string[] {
  const files = PLACES.flatMap((place) =>
    readdirSync(join(root, place), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(place, name)),
  ).toSorted();
  for (const file of files) testsOf(root, file);
  const [stray] = strayKeys(files);
  if (stray !== undefined) throw new Error(`scripts/mutants has tests of ${stray}, which is not there.`);
  return files;
}
