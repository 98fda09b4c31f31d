import { join, relative } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "../..");
const OUT = join(ROOT, "out");
const HTML =
  '<!doctype html><meta name="viewport" content="width=device-width"><title>Files</title>' +
  "<style>body{margin:0}main{padding:16px;max-width:1120px;margin:auto;font-family:system-ui}" +
  "@media (prefers-color-scheme:dark){body{background:#101216;color:#e8eaef}}</style>" +
  '<link rel="stylesheet" href="/styles.css"><body><script type="module" src="/page.js"></script>';

export interface PageFile {
  readonly type: string;
  readonly body: string;
}

/** Bundles the page as a browser gets it: by path, what it is made of. */
export async function buildFilesPage(): Promise<ReadonlyMap<string, PageFile>> {
  const { outputFiles } = await build({
    entryPoints: {
      page: join(ROOT, "test/client/react/files/page.tsx"),
      styles: join(ROOT, "client/styles/index.css"),
    },
    ...{ outdir: OUT, write: false, bundle: true, splitting: true, format: "esm" },
    ...{ jsx: "automatic", logLevel: "error", define: { "process.env.NODE_ENV": '"production"' } },
  });
  const built = outputFiles.map(({ path, text }): [string, PageFile] => {
    const type = path.endsWith(".css") ? "text/css" : "text/javascript";
    return [`/${relative(OUT, path)}`, { type, body: text }];
  });
  return new Map([["/", { type: "text/html; charset=utf-8", body: HTML }], ...built]);
}
