import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildDemo as build } from "../../../scripts/dev/bundle.ts";

/** Builds the demo, or takes what the run's stacks have of it, into a new directory, which the caller removes. */
export async function buildDemo(): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), "causeway-demo-"));
  const shared = process.env["CAUSEWAY_BUILD"];
  if (shared !== undefined) await cp(join(shared, "demo"), outDir, { recursive: true });
  else await build(outDir);
  return outDir;
}
