import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { build, type BuildOptions } from "esbuild";

const run = promisify(execFile);

/** What the package doesn't bring itself: the host's own React, and what npm installs beside it. */
const OUTSIDE = ["react", "react-dom", "react-dom/client", "react/jsx-runtime"];

/** What can be imported, and from which source. */
const ENTRIES = { index: "index.ts", react: "react/index.ts", server: "server/index.ts" };

export const BROWSER: BuildOptions = {
  bundle: true,
  format: "esm",
  platform: "browser",
  target: ["es2022", "chrome111", "firefox121", "safari17.2"],
  jsx: "automatic",
  legalComments: "none",
  logLevel: "error",
  define: { "process.env.NODE_ENV": '"production"' },
};

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

async function readManifest(root: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, "client/package.json"), "utf8")) as Manifest;
}

/** What an import of the package gives: modules that share what they have in common, so that there is one of each class. */
async function bundleModules(root: string, outDir: string, outside: readonly string[]): Promise<void> {
  await build({
    ...BROWSER,
    entryPoints: Object.entries(ENTRIES).map(([out, source]) => ({ in: join(root, "client", source), out })),
    outdir: outDir,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    external: [...OUTSIDE, ...outside.flatMap((name) => [name, `${name}/*`])],
  });
  // For frameworks that render on the server: components with state belong to the browser.
  const react = join(outDir, "react.js");
  await writeFile(react, `"use client";\n${await readFile(react, "utf8")}`);
}

async function bundleStyles(root: string, outDir: string): Promise<void> {
  await build({
    ...BROWSER,
    entryPoints: { styles: join(root, "client/styles/index.css") },
    outdir: outDir,
    minify: true,
  });
}

/** One classic script with all in it, React too: `causeway.js` and its global `Causeway`. */
async function bundleScriptTag(root: string, outDir: string): Promise<void> {
  await build({
    ...BROWSER,
    entryPoints: { causeway: join(root, "client/react/script-tag.tsx") },
    outdir: outDir,
    format: "iife",
    globalName: "Causeway",
    minify: true,
  });
}

const CONTRACT = /(from |import\()"#contract\/([^"]+)\.ts"/g;
const SOURCE = /(from |import\()"(\.[^"]+)\.tsx?"/g;

/** Imports as a reader of declarations resolves them: by path, and of what is there. */
function publishedImports(source: string, file: string, typesDir: string): string {
  const contract = relative(dirname(file), join(typesDir, "contract"));
  const path = contract.startsWith(".") ? contract : `./${contract}`;
  return source.replaceAll(CONTRACT, `$1"${path}/$2.js"`).replaceAll(SOURCE, '$1"$2.js"');
}

/** Declarations of what is exported and of all that it takes from the contract. Throws with what tsc says. */
async function declareTypes(root: string, outDir: string): Promise<void> {
  const typesDir = join(outDir, "types");
  const config = join(outDir, "tsconfig.types.json");
  const compilerOptions = {
    ...{ noEmit: false, declaration: true, emitDeclarationOnly: true, incremental: false },
    ...{ rootDir: join(root, "client"), outDir: typesDir },
  };
  const files = Object.values(ENTRIES).map((entry) => join(root, "client", entry));
  const settings = { extends: join(root, "client/tsconfig.json"), compilerOptions, include: [], files };
  await writeFile(config, JSON.stringify(settings));
  await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", config], { cwd: root });
  await rm(config);
  const written = await readdir(typesDir, { recursive: true });
  for (const name of written.filter((each) => each.endsWith(".d.ts"))) {
    const file = join(typesDir, name);
    await writeFile(file, publishedImports(await readFile(file, "utf8"), file, typesDir));
  }
}

/** The manifest without what only this repository's own tools read. */
async function writeManifest(root: string, outDir: string): Promise<void> {
  const { imports: _imports, private: _private, ...manifest } = await readManifest(root);
  await writeFile(join(outDir, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await cp(join(root, "client/README.md"), join(outDir, "README.md"));
  await cp(join(root, "LICENSE"), join(outDir, "LICENSE"));
}

/** Makes the client's package in `outDir`: what `npm publish` there would publish. */
export async function buildPackage(root: string, outDir: string): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  const { dependencies } = await readManifest(root);
  await Promise.all([
    bundleModules(root, outDir, Object.keys(dependencies)),
    bundleStyles(root, outDir),
    bundleScriptTag(root, outDir),
    declareTypes(root, outDir),
    writeManifest(root, outDir),
  ]);
}
