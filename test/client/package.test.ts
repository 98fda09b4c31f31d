import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPackage } from "../../scripts/client/package.ts";
import { describeSize, measureSizes } from "../../scripts/client/sizes.ts";
import { launchChromium } from "../support/browser.ts";
import { startDemoServer } from "./support/demo-server.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");
/** What a React application of Vite's has; npm installs the package's own dependencies beside it. */
const APPLICATION = ["react", "react-dom", "@types/react", "@types/react-dom", "vite"];

let directory: string;
let app: string;
let packed: readonly string[];
let browser: Browser;

async function pack(from: string): Promise<string> {
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", directory], { cwd: from });
  const [made] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  packed = made?.files.map(({ path }) => path) ?? [];
  return join(directory, made?.filename ?? "");
}

/** A new application, with the package as npm unpacks it, and the uploader of the package's README. */
async function createApp(tarball: string): Promise<void> {
  const modules = join(app, "node_modules");
  await mkdir(join(modules, "@causeway/client"), { recursive: true });
  await run("tar", ["xzf", tarball, "-C", join(modules, "@causeway/client"), "--strip-components=1"]);
  const manifest = await readFile(join(modules, "@causeway/client/package.json"), "utf8");
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
  for (const name of [...APPLICATION, ...Object.keys(dependencies)]) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(ROOT, "node_modules", name), join(modules, name));
  }
  const readme = await readFile(join(modules, "@causeway/client/README.md"), "utf8");
  const example = /```tsx\n(.*?)```/s.exec(readme)?.[1] ?? "";
  // Its server is this test's, on another port.
  const source = example.replace('"http://127.0.0.1:8787"', "location.origin");
  await writeFile(join(app, "main.tsx"), source);
  await writeFile(join(app, ".env.local"), "VITE_TOKEN=a.b.c");
  await writeFile(join(app, "index.html"), INDEX);
  await writeFile(join(app, "tsconfig.json"), JSON.stringify(TSCONFIG));
  await writeFile(join(app, "package.json"), JSON.stringify({ name: "my-crm", type: "module" }));
}

const INDEX =
  '<!doctype html><html lang="en"><head><title>CRM</title></head>' +
  '<body><div id="root"></div><script type="module" src="/main.tsx"></script></body></html>';

const TSCONFIG = {
  compilerOptions: {
    ...{ module: "esnext", moduleResolution: "bundler", jsx: "react-jsx", strict: true, noEmit: true },
    // As Vite's template has it.
    ...{ lib: ["es2024", "dom"], target: "es2023", types: ["vite/client"], skipLibCheck: true },
  },
  include: ["main.tsx"],
};

/** Serves what lies in `folder`, and the API that the page calls. */
async function withPage(folder: string, use: (origin: string) => Promise<void>): Promise<void> {
  const server = await startDemoServer(folder);
  try {
    await use(server.origin);
  } finally {
    await server.close();
  }
}

/** What a tool of ours says of the application: nothing where all is well. */
async function outputOf(tool: string, ...args: readonly string[]): Promise<string> {
  const script = join(ROOT, "node_modules", tool);
  try {
    return (await run(process.execPath, [script, ...args], { cwd: app })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return stdout + stderr;
  }
}

async function uploadsOn(origin: string): Promise<void> {
  const page = await browser.newPage();
  await page.goto(origin);
  const file = { name: "offer.pdf", mimeType: "application/pdf", buffer: Buffer.from("offer") };
  await page.locator('input[data-cw="files"]').setInputFiles(file);
  await page.getByRole("listitem").filter({ hasText: "offer.pdf" }).getByText("Ready").waitFor();
  const accent = page.getByRole("button", { name: "Choose files" });
  expect(await accent.evaluate((button) => getComputedStyle(button).borderRadius)).toBe("6px");
  await page.close();
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "causeway-package-"));
  app = join(directory, "app");
  const [opened] = await Promise.all([
    launchChromium(),
    buildPackage(ROOT, join(directory, "built"))
      .then(() => pack(join(directory, "built")))
      .then(createApp),
  ]);
  browser = opened;
});

afterAll(async () => {
  await browser.close();
  await rm(directory, { recursive: true });
});

test("the package has what its manifest exports, and nothing that only this repository can resolve", async () => {
  const folder = join(app, "node_modules/@causeway/client");
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    exports: Record<string, string | Record<string, string>>;
  };
  const exported = Object.values(manifest.exports).flatMap((target) =>
    typeof target === "string" ? [target] : Object.values(target),
  );
  expect(packed).toEqual(expect.arrayContaining(exported.map((path) => path.replace("./", ""))));
  expect(packed).toEqual(expect.arrayContaining(["README.md", "LICENSE"]));
  const names = await readdir(folder, { recursive: true });
  for (const name of names.filter((each) => /\.(js|ts)$/.test(each))) {
    expect(await readFile(join(folder, name), "utf8"), name).not.toMatch(/"#contract|\.tsx?"/);
  }
});

test("a fresh Vite application has a working uploader with the README's own lines, types and all", async () => {
  expect(await outputOf("typescript/bin/tsc", "-p", app)).toBe("");
  expect(await outputOf("vite/bin/vite.js", "build", "--logLevel", "warn", app)).toBe("");
  await withPage(join(app, "dist"), uploadsOn);
});

test("a page with a script tag has it too", async () => {
  const folder = join(app, "node_modules/@causeway/client");
  const page = `<!doctype html><html lang="en"><head><title>CRM</title><link rel="stylesheet" href="/styles.css" /></head>
    <body><div id="uploader"></div><script src="/causeway.js"></script><script>
      const client = Causeway.createClient({ endpoint: "", getToken: () => "a.b.c", tenantId: "acme", userId: "ann" });
      Causeway.mountFileUploader(document.getElementById("uploader"), { client });
    </script></body></html>`;
  await writeFile(join(folder, "index.html"), page);
  await withPage(folder, uploadsOn);
});

test("what a page loads of it stays small", async () => {
  for (const size of await measureSizes(ROOT)) {
    expect(size.gzipBytes, describeSize(size)).toBeLessThanOrEqual(size.limitBytes);
  }
});
