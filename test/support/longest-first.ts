import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

/**
 * What takes longest of the tests that share a stack, which come last. Nothing is known of a clean checkout but how large
 * files are, and one of these at the end would have all but one processor wait for it.
 */
const LONGEST = [
  "e2e/share-page",
  "e2e/page",
  "faults/store",
  "faults/stopped",
  "faults/killed",
  "e2e/client-browser",
  "worker/storage-api",
  "worker/documented-errors",
  "faults/killed-parts",
  "worker/tenancy-walk",
  "worker/permission-matrix",
  "faults/export",
  "worker/share-links",
  "worker/plain-uploads",
  "e2e/resume",
  "faults/workerd-kills",
  "worker/docs",
  "e2e/tus-clients",
  "e2e/file-components",
  "e2e/corpus",
  "e2e/demo-admin",
  "faults/killed-backfill",
  "e2e/parallel",
].map((name) => `/test/${name}.test.ts`);

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONGEST.findIndex((name) => moduleId.endsWith(name));
  return rank === -1 ? LONGEST.length : rank;
}

/** Vitest's own order, of project after project, but for these: they are begun first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byProject = Map.groupBy(await super.sort(files), ({ project }) => project.name);
    return [...byProject.values()].flatMap((each) => each.toSorted((a, b) => rankOf(a) - rankOf(b)));
  }
}
