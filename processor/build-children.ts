/**
 * Makes one file of JavaScript of each script that runs in a sandbox (sandbox/child-script.ts), with all that it imports but
 * sharp's own library. Run by itself where an image is built, and by what starts the processor from its sources.
 */
import { mkdir, readdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as esbuild from "esbuild";
import { builtPath, SOURCES } from "./sandbox/child-script.ts";

/** Packages written for CommonJS ask for others by it. */
const REQUIRE =
  'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';

/** Whoever reads one meanwhile finds the one before or the new one, whole. */
export async function buildChildren(): Promise<void> {
  const names = await readdir(SOURCES, { recursive: true });
  const sources = names.filter((name) => name.endsWith("-child.ts"));
  await Promise.all(sources.map((name) => buildChild(join(SOURCES, name))));
}

async function buildChild(source: string): Promise<void> {
  const built = builtPath(source);
  const unfinished = `${built}.${process.pid}`;
  await mkdir(dirname(built), { recursive: true });
  await esbuild.build({
    ...{ entryPoints: [source], outfile: unfinished, bundle: true, minify: true, logLevel: "silent" },
    ...{ platform: "node", format: "esm", target: "node24", external: ["@img/*"] },
    banner: { js: REQUIRE },
  });
  await rename(unfinished, built);
}

if (import.meta.main) await buildChildren();
