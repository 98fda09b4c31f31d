/**
 * `npm run bench`: what an upload costs at the edge, beside floors that do nothing else. Bytes go from this process
 * (the client) through workerd (the only one whose CPU and memory are read) to the sink, a third process in place of R2.
 */
import { writeFileSync } from "node:fs";
import type { Contestant } from "./contestants.ts";
import { CONTESTANTS, REFERENCE } from "./contestants.ts";
import type { Figures, SmallFigures } from "./measure.ts";
import { measure, measureSmall } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { parseOptions, USAGE } from "./options.ts";
import { formatSmallTable, formatTable, formatVerdict, TARGET_RATIO } from "./table.ts";

function chooseContestants(only: readonly string[]): readonly Contestant[] {
  const unknown = only.find((name) => !CONTESTANTS.some((contestant) => contestant.name === name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: no such contestant`);
  if (only.length === 0) return CONTESTANTS;
  return CONTESTANTS.filter(({ name }) => name === REFERENCE || only.includes(name));
}

function writeReport(
  path: string,
  options: BenchOptions,
  figures: readonly (Figures | SmallFigures)[],
): void {
  const { small, runs, filesPerRun, fileBytes, concurrency } = options;
  const load = { small, runs, filesPerRun, fileBytes, concurrency };
  const taken = { takenAt: new Date().toISOString(), reference: REFERENCE, targetRatio: TARGET_RATIO };
  writeFileSync(path, `${JSON.stringify({ ...taken, ...load, figures }, null, 2)}\n`);
}

async function printLarge(options: BenchOptions): Promise<readonly Figures[]> {
  const figures = await measure(chooseContestants(options.only), options);
  console.log(formatTable(figures));
  const verdict = formatVerdict(figures);
  if (verdict !== undefined) console.log(`\n${verdict}`);
  return figures;
}

async function printSmall(options: BenchOptions): Promise<readonly SmallFigures[]> {
  const figures = await measureSmall(chooseContestants(options.only), options);
  console.log(formatSmallTable(figures));
  return figures;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) return console.log(USAGE);
  // miniflare would otherwise ask Cloudflare for a sample `request.cf` and report usage.
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  process.env["WRANGLER_SEND_METRICS"] = "false";
  const figures = await (options.small ? printSmall(options) : printLarge(options));
  if (options.jsonPath !== undefined) writeReport(options.jsonPath, options, figures);
}

await main();
