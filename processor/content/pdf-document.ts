import { basename, join } from "node:path";
import type { ActiveContent } from "#contract/active-content.ts";
import { runTool, type Work } from "../derive/documents/run-tool.ts";
import { type SandboxLimits, NEXT } from "../sandbox/sandbox.ts";
import { openPlain } from "../sandbox/scratch.ts";
import type { Findings } from "./findings.ts";
import { matchesIn } from "./matches.ts";

/** What is active in a PDF: qpdf tells its objects, which may be packed, and their names, which may be written in many ways. */

const TYPE = "application/pdf";
const JSON_FILE = "objects.json";
const MAX_JSON_BYTES = 64 * 2 ** 20;
const LIMITS: SandboxLimits = {
  ...{ timeMs: 20_000, memoryBytes: 2 ** 30, fileBytes: MAX_JSON_BYTES },
  ...{ scratchBytes: MAX_JSON_BYTES + 2 ** 20, processes: 8, niceness: NEXT },
};
/** By qpdf's own words, whatever exit code: https://qpdf.readthedocs.io/en/stable/cli.html#exit-status */
const PASSWORD = /invalid password/;

type Names = readonly (readonly [ActiveContent, RegExp])[];

/**
 * ISO 32000-2, 12.6.4 and 7.11.4. In qpdf's JSON names begin with "/", and no string does. A name may be an object of its
 * own (7.3.10), so it isn't asked what it is the value of.
 */
const NAMES: Names = [
  ["javascript", /"\/JavaScript"|"\/JS": /],
  ["launch", /"\/Launch"/],
  ["embedded-files", /"\/EmbeddedFiles?"|"\/FileAttachment"/],
  // ISO 32000-1, 12.7.8: its programs are in XML of its own, which isn't read.
  ["xfa-form", /"\/XFA"/],
];
/** The same as most write it, where nobody unpacks it. */
const RAW: Names = [
  ["javascript", /\/JavaScript\b|\/JS\s*[(<]/],
  ["launch", /\/Launch\b/],
  ["embedded-files", /\/EmbeddedFiles?\b|\/FileAttachment\b/],
  ["xfa-form", /\/XFA\b/],
];

/** What is read of the file in this process is looked at in small pieces, and in time linear in them. */
export async function lookIntoPdf(work: Work, path: string): Promise<Findings> {
  const args = ["--json-output=2", "--json-stream-data=none", "--warning-exit-0", basename(path), JSON_FILE];
  const result = await runTool(work, "qpdf", args, LIMITS);
  const objects = result.ok ? await findIn(join(work.scratch, JSON_FILE), NAMES) : undefined;
  if (objects !== undefined) return { type: TYPE, active: objects, isComplete: true };
  const isEncrypted = !result.ok && PASSWORD.test(result.detail);
  return { type: TYPE, isEncrypted, active: (await findIn(path, RAW)) ?? [], isComplete: false };
}

/** Undefined where there is no such file. */
async function findIn(path: string, names: Names): Promise<readonly ActiveContent[] | undefined> {
  await using file = await openPlain(path);
  if (file === undefined) return undefined;
  const body = file.createReadStream({ autoClose: false });
  const matches = await matchesIn(
    body,
    names.map(([, pattern]) => pattern),
  );
  return names.filter((_, index) => matches[index]).map(([what]) => what);
}
