/**
 * `npm run bench`: what an upload costs at the edge, beside floors that do nothing else and servers off the shelf. Bytes
 * go from this process (the client) through the server under test, the only process whose CPU and memory are read, to a
 * sink, another process in place of R2 or S3.
 */
import { writeFileSync } from "node:fs";
import { measureClient } from "./client/section.ts";
import { REFERENCE } from "./contestants.ts";
import { measureListing } from "./listing.ts";
import { measureMemory } from "./memory.ts";
import { countOperations } from "./operations.ts";
import type { BenchOptions, SectionName } from "./options.ts";
import { parseOptions, USAGE } from "./options.ts";
import { measureProcessor } from "./processor/section.ts";
import { measureReplicas } from "./replicas/section.ts";
import { measureResume } from "./resume.ts";
import type { Section, SectionResult } from "./section.ts";
import { measureStalls } from "./stalled.ts";
import type { TargetResult } from "./targets.ts";
import { formatTargets } from "./targets.ts";
import { measureSmallUploads, measureUploads } from "./upload-cost.ts";

const SECTIONS: Readonly<Record<SectionName, Section>> = {
  uploads: measureUploads,
  small: measureSmallUploads,
  memory: measureMemory,
  stalled: measureStalls,
  operations: countOperations,
  resume: measureResume,
  listing: measureListing,
  processor: measureProcessor,
  replicas: measureReplicas,
  client: measureClient,
};

/** Figures say which section they are of, so that one list has them all. */
interface Report {
  readonly figures: object[];
  readonly targets: TargetResult[];
}

function printSection(name: SectionName, { table, targets }: SectionResult): void {
  console.log(`\n## ${name}\n\n${table}`);
  if (targets.length > 0) console.log(`\n${formatTargets(targets)}`);
}

async function runSections(options: BenchOptions): Promise<Report> {
  const report: Report = { figures: [], targets: [] };
  for (const section of options.sections) {
    const result = await SECTIONS[section](options);
    printSection(section, result);
    report.figures.push(...result.figures.map((figure) => ({ section, ...figure })));
    report.targets.push(...result.targets);
  }
  return report;
}

function writeReport(path: string, { jsonPath: _, ...options }: BenchOptions, report: Report): void {
  const taken = { takenAt: new Date().toISOString(), reference: REFERENCE, options };
  writeFileSync(path, `${JSON.stringify({ ...taken, ...report }, null, 2)}\n`);
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) return console.log(USAGE);
  // miniflare would otherwise ask Cloudflare for a sample `request.cf` and report usage.
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  process.env["WRANGLER_SEND_METRICS"] = "false";
  const report = await runSections(options);
  if (options.jsonPath !== undefined) writeReport(options.jsonPath, options, report);
}

await main();
