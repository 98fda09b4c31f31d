import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>A customer's page</title>
    <link rel="stylesheet" href="/styles.css" />
    <style>
      body { margin: 0; background: Canvas; font-family: system-ui; }
      main { max-width: 760px; margin: 0 auto; padding: 16px; }
    </style>
  </head>
  <body>
    <div id="root"></div>
    <script type="module" src="/page.js"></script>
  </body>
</html>
`;

/** Builds a page of the components into a new directory, which the caller removes. */
export async function buildPage(): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), "causeway-page-"));
  const root = join(import.meta.dirname, "../../..");
  await build({
    entryPoints: {
      page: join(import.meta.dirname, "page.tsx"),
      styles: join(root, "client/styles/index.css"),
    },
    outdir: outDir,
    bundle: true,
    format: "esm",
    jsx: "automatic",
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  await writeFile(join(outDir, "index.html"), HTML);
  return outDir;
}
