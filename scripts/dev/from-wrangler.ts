import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));

/**
 * A package in the version that wrangler itself depends on, so that development runs what a deployment is built and
 * tested with: two versions of workerd side by side would be two runtimes.
 */
async function importFromWrangler(name: string): Promise<unknown> {
  return import(pathToFileURL(require.resolve(name)).href);
}

export const miniflare = (await importFromWrangler("miniflare")) as typeof import("miniflare");
export const esbuild = (await importFromWrangler("esbuild")) as typeof import("esbuild");
