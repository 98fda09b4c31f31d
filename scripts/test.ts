import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startVitest } from "vitest/node";
import { z } from "zod";

/** The part of vitest's JSON report that counts. */
const Results = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numTotalTests: z.int(),
  success: z.boolean(),
});

async function runTests(reportPath: string): Promise<z.infer<typeof Results>> {
  const vitest = await startVitest(process.argv.slice(2), {
    watch: false,
    reporters: ["default", "json"],
    outputFile: { json: reportPath },
  });
  await vitest.close();
  return Results.parse(JSON.parse(await readFile(reportPath, "utf8")));
}

const directory = await mkdtemp(join(tmpdir(), "causeway-test-"));
try {
  const results = await runTests(join(directory, "report.json"));
  const { numPassedTests: passed, numFailedTests: failed } = results;
  console.log(`${passed} passed, ${failed} failed`);
  // A file that fails to load has no failed test in it, and a skipped test is one that nobody ran.
  const all = results.success && failed === 0 && passed > 0 && passed === results.numTotalTests;
  process.exitCode = all ? 0 : 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}
