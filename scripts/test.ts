import { resolve } from "node:path";
import type { Vitest } from "vitest/node";
import { createVitest, parseCLI } from "vitest/node";
import { onEndingSignal } from "./dev/signals.ts";
import { startCheck } from "./test/check.ts";
import { rerunFailed } from "./test/rerun.ts";
import type { Results } from "./test/results.ts";
import { countResults, readResults } from "./test/results.ts";

/**
 * Runs the tests, and with all of them `npm run check` too. Arguments are vitest's. With CAUSEWAY_RERUN_FAILED a file
 * that fails is run once more. Ends with `N passed, N failed`, alone on the last line.
 */
const args = process.argv.slice(2);
const { filter, options } = parseCLI(["vitest", "run", ...args]);
// That was printed; nothing was asked to run.
if (args.some((each) => /^(-h|--help|-v|--version)$/.test(each))) process.exit(0);
const root = resolve(options.root ?? ".");
/** As shells say it of SIGTERM. */
const ENDED_BY_SIGNAL = 143;
/** Only some tests were asked for, so that others are skipped. */
const isPart = filter.length > 0 || options.testNamePattern !== undefined || options.shard !== undefined;

let running: Vitest | undefined;

/**
 * What the tests have started is stopped with them: vitest, by itself, ends its process at once and leaves it behind. A
 * test that is running is waited for, as long as it may take.
 */
async function stopTests(): Promise<void> {
  console.log("Stopping what was started.");
  await running?.cancelCurrentRun("keyboard-input");
  await running?.close();
}

function stopAtSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(signal);
  onEndingSignal(() => void stopTests().finally(() => process.exit(ENDED_BY_SIGNAL)));
}

async function runTests(files: readonly string[]): Promise<Results> {
  const vitest = await createVitest({ ...options, watch: false });
  running = vitest;
  stopAtSignals();
  await vitest.start([...files]);
  await vitest.close();
  running = undefined;
  return readResults(vitest);
}

async function runAll(): Promise<Results> {
  const results = await runTests(filter);
  if (process.env["CAUSEWAY_RERUN_FAILED"] === undefined) return results;
  const rerun = await rerunFailed(results, (file) => runTests([resolve(root, file)]));
  for (const { file, test } of rerun.flaky) console.log(`flaky: ${file} ${test}`);
  return rerun.results;
}

async function hasCheckFailed(): Promise<boolean> {
  const failure = await check?.failure;
  if (failure !== undefined) console.log(`npm run check failed:\n${failure}`);
  return failure !== undefined;
}

const check = isPart ? undefined : startCheck(root);
const results = await runAll();
const { passed, failed: failedTests } = countResults(results);
const failed = failedTests + ((await hasCheckFailed()) ? 1 : 0);
// In a run of all of them a skipped test is one that nobody ran, which is a failure.
const skipped = isPart
  ? []
  : results.files.flatMap(({ file, skipped }) => skipped.map((test) => `${file} ${test}`));
for (const each of skipped) console.log(`skipped: ${each}`);
console.log(`${passed} passed, ${failed + skipped.length} failed`);
process.exitCode = passed > 0 && failed + skipped.length === 0 ? 0 : 1;
