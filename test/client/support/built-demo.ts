import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";

const ROOT = new URL("../../../client/demo", import.meta.url).pathname;

/** Builds the demo into a new directory, which the caller removes. */
export async function buildDemo(): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), "causeway-demo-"));
  await build({ root: ROOT, logLevel: "error", build: { outDir, emptyOutDir: true } });
  return outDir;
}
