import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { referenceScript } from "../client/demo/reference-script.ts";

/** What a deployment serves beside the worker, as wrangler.toml names its directory. */
const ASSETS = "dist/assets";

/** Makes the assets of a deployment: what draws `/docs`, and the headers of that. The demo isn't among them. */
async function buildAssets(root: string): Promise<void> {
  const directory = join(root, ASSETS);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await cp(join(root, "client", "demo", "public"), directory, { recursive: true });
  await writeFile(join(directory, "docs", "scalar.js"), referenceScript());
}

await buildAssets(dirname(dirname(fileURLToPath(import.meta.url))));
console.log(
  `Assets of a deployment are in ${ASSETS}. Next: npx wrangler deploy --dry-run (docs/deployment.md).`,
);
