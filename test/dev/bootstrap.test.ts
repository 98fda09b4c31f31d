import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { PROJECT_ROOT } from "../../scripts/dev/bundle.ts";
import { findProgram } from "../../scripts/find-program.mjs";

const COMMANDS = ["node", "vite", "vitest", "wrangler"];

interface Clone {
  readonly root: string;
  /** Runs its bootstrap, with `npm` and `apt-get` that only note what they were asked. */
  run(...args: readonly string[]): Promise<{ exitCode: number; told: string; asked: string }>;
}

/** A clone on which bootstrap has run, and what it would start. */
async function newClone(commands: readonly string[]): Promise<Clone> {
  const root = await mkdtemp(join(tmpdir(), "causeway-clone-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const [programs, bin] = [join(root, "programs"), join(root, "node_modules", ".bin")];
  await Promise.all([programs, bin, join(root, "scripts")].map((path) => mkdir(path, { recursive: true })));
  for (const name of ["bootstrap.mjs", "find-program.mjs", "preview-programs.mjs"]) {
    await cp(join(PROJECT_ROOT, "scripts", name), join(root, "scripts", name));
  }
  await writeFile(join(root, "package-lock.json"), "{}");
  const lock = createHash("sha256").update("{}").digest("hex");
  await writeFile(join(root, "node_modules", ".causeway-lock"), lock);
  for (const name of commands) await writeFile(join(bin, name), "");
  const asked = join(root, "asked");
  await writeFile(asked, "");
  for (const name of ["npm", "apt-get"]) {
    await writeFile(join(programs, name), `#!/bin/sh\necho "${name} $*" >> "${asked}"\n`);
    await chmod(join(programs, name), 0o755);
  }
  return {
    root,
    run: (...args) =>
      new Promise((resolve, reject) => {
        const command = [join(root, "scripts", "bootstrap.mjs"), ...args];
        const child = execFile(
          process.execPath,
          command,
          { env: { PATH: programs } },
          (_error, _out, told) => {
            const exitCode = child.exitCode ?? -1;
            readFile(asked, "utf8").then((text) => resolve({ exitCode, told, asked: text }), reject);
          },
        );
      }),
  };
}

test("what is installed isn't installed again", async () => {
  const clone = await newClone(COMMANDS);
  expect(await clone.run("--packages")).toMatchObject({ exitCode: 0, asked: "" });
});

test.each(COMMANDS.filter((name) => name !== "vitest"))(
  "without %s packages are installed again, development's and the platform's too",
  async (missing) => {
    const clone = await newClone(COMMANDS.filter((name) => name !== missing));
    const { exitCode, told, asked } = await clone.run("--packages");
    expect(asked).toMatch(/^npm install .*--include=dev --include=optional$/m);
    // It wasn't installed: that is said, and nothing is called done.
    expect(exitCode).toBe(1);
    expect(told).toContain(missing === "node" ? "npm has no Node 24 for" : `npm left ${missing} out`);
    expect(await clone.run("--packages")).toMatchObject({ exitCode: 1 });
  },
);

test("scripts that start nothing ask for no programs", async () => {
  const clone = await newClone(COMMANDS);
  expect(await clone.run("--packages")).toMatchObject({ exitCode: 0, told: "", asked: "" });
  const { scripts } = JSON.parse(await readFile(join(PROJECT_ROOT, "package.json"), "utf8")) as {
    scripts: Readonly<Record<string, string>>;
  };
  expect([scripts["pretoken"], scripts["preexport"]]).toEqual(
    ["token", "export"].map(() => "node scripts/bootstrap.mjs --packages"),
  );
});

test("for tests a browser without windows is installed, and a whole one only where there is none of those", async () => {
  const clone = await newClone(COMMANDS);
  const without = await clone.run("--test");
  expect(/install .* chromium-headless-shell$/m.test(without.asked)).toBe(process.getuid?.() === 0);
  // Either the whole browser is installed then, or whoever may not install is asked for it.
  expect(without.asked + without.told).toMatch(/ chromium[ ,"]/);
  await writeFile(join(clone.root, "programs", "chromium-headless-shell"), "");
  await writeFile(join(clone.root, "asked"), "");
  const withShell = await clone.run("--test");
  expect(withShell.asked + withShell.told).not.toContain("chromium");
});

test("a program is found on PATH first, wherever that is", async () => {
  const directory = await mkdtemp(join(tmpdir(), "causeway-path-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, "clamd"), "");
  expect(findProgram("clamd", `/nowhere:${directory}`)).toBe(join(directory, "clamd"));
  expect(findProgram("no-such-daemon", directory)).toBeUndefined();
});
