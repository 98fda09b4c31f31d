import { basename, join } from "node:path";
import type { ActiveContent } from "#contract/active-content.ts";
import { runTool, type Work } from "../derive/documents/run-tool.ts";
import type { SandboxLimits } from "../sandbox/sandbox.ts";
import { readProduct } from "../sandbox/scratch.ts";
import type { Findings } from "./findings.ts";
import { matchesIn } from "./matches.ts";

/** What is active in a PDF: qpdf tells its objects, which may be packed, and their names, which may be written in many ways. */

const TYPE = "application/pdf";
const JSON_FILE = "objects.json";
const MAX_JSON_BYTES = 64 * 2 ** 20;
const LIMITS: SandboxLimits = {
  ...{ timeMs: 20_000, memoryBytes: 2 ** 30, fileBytes: MAX_JSON_BYTES },
  ...{ scratchBytes: MAX_JSON_BYTES + 2 ** 20, processes: 8 },
};
/** By qpdf's own words, whatever exit code: https://qpdf.readthedocs.io/en/stable/cli.html#exit-status */
const PASSWORD = /invalid password/;

/** ISO 32000-2, 12.6.4 and 7.11.4. In qpdf's JSON names begin with "/", and no string does. */
const NAMES: readonly (readonly [ActiveContent, RegExp])[] = [
  ["javascript", /"\/S": "\/JavaScript"|"\/JS": /],
  ["launch", /"\/S": "\/Launch"/],
  ["embedded-files", /"\/EmbeddedFiles": |"\/Type": "\/EmbeddedFile"|"\/Subtype": "\/FileAttachment"/],
];
/** The same as most write it, where nobody unpacks it. */
const RAW: readonly (readonly [ActiveContent, RegExp])[] = [
  ["javascript", /\/JavaScript\b|\/JS\s*[(<]/],
  ["launch", /\/S\s*\/Launch\b/],
  ["embedded-files", /\/EmbeddedFiles?\b|\/FileAttachment\b/],
];

export async function lookIntoPdf(work: Work, path: string): Promise<Findings> {
  const args = ["--json-output=2", "--json-stream-data=none", "--warning-exit-0", basename(path), JSON_FILE];
  const result = await runTool(work, "qpdf", args, LIMITS);
  const json = result.ok ? await readProduct(join(work.scratch, JSON_FILE), MAX_JSON_BYTES) : undefined;
  if (json !== undefined) return { type: TYPE, active: findIn(json.toString("latin1")), isComplete: true };
  const isEncrypted = !result.ok && PASSWORD.test(result.detail);
  const matches = await matchesIn(
    path,
    RAW.map(([, pattern]) => pattern),
  );
  const active = RAW.filter((_, index) => matches[index]).map(([what]) => what);
  return { type: TYPE, isEncrypted, active, isComplete: false };
}

function findIn(json: string): readonly ActiveContent[] {
  return NAMES.filter(([, pattern]) => pattern.test(json)).map(([what]) => what);
}
