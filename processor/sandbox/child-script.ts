import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const SOURCES = dirname(dirname(fileURLToPath(import.meta.url)));
export const PACKAGE = dirname(SOURCES);
/** Where build-children.ts puts what it makes. */
export const BUILT = join(PACKAGE, "dist", "processor");

/**
 * The path of a script of ours that runs in a sandbox: as build-children.ts made it, one file of JavaScript, for which Node
 * has no types to strip and no packages to look for (a fifth of a second of CPU for each picture); where nobody has, its
 * source.
 * @param source its URL: `new URL("./image-child.ts", import.meta.url).href`
 */
export function childScript(source: string): string {
  const path = fileURLToPath(source);
  const built = builtPath(path);
  return existsSync(built) ? built : path;
}

/** @param path of a source */
export function builtPath(path: string): string {
  return join(BUILT, relative(SOURCES, path).replace(/\.ts$/, ".mjs"));
}
