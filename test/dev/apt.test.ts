import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { installPackages } from "../../scripts/dev/apt.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "causeway-apt-"));
  const made = directory;
  vi.stubEnv("PATH", `${directory}:${process.env["PATH"]}`);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(made, { recursive: true });
  });
  await writeFile(asked(), "");
});

const asked = () => join(directory, "asked");

/** An `apt-get` and a `dpkg` that note what they were asked, and then do as `script` says. */
async function stub(script: string): Promise<void> {
  for (const name of ["apt-get", "dpkg"]) {
    const path = join(directory, name);
    await writeFile(path, `#!/bin/sh\necho "${name} $*" >> "${asked()}"\n${script}\n`);
    await chmod(path, 0o755);
  }
}

function install(signal = new AbortController().signal): Promise<void> {
  return installPackages(["one", "two"], { logFile: join(directory, "log"), signal });
}

async function steps(): Promise<readonly string[]> {
  const lines = (await readFile(asked(), "utf8")).trim().split("\n");
  return lines.map(
    (line) => /update|--download-only one two|--configure -a|--no-download one two/.exec(line)?.[0] ?? line,
  );
}

test("packages are downloaded, and unpacked when they all are there", async () => {
  await stub("echo told");
  await install();
  expect(await steps()).toEqual([
    "update",
    "--download-only one two",
    "--configure -a",
    "--no-download one two",
  ]);
  expect(await readFile(join(directory, "log"), "utf8")).toBe("told\n".repeat(4));
});

test("lists that can't be renewed may do; what can't be downloaded is a sentence", async () => {
  await stub('case "$*" in *update*) exit 100;; esac');
  await install();
  await stub('case "$*" in *download-only*) exit 100;; esac');
  await expect(install()).rejects.toThrow(/^"apt-get .*--download-only one two" failed: .*log says why\.$/);
});

test("a stop ends a download, and nothing is unpacked", async () => {
  await stub('case "$*" in *download-only*) exec sleep 600;; esac');
  const stop = new AbortController();
  const installing = install(stop.signal);
  await expect.poll(() => readFile(asked(), "utf8")).toContain("download-only");
  stop.abort();
  await expect(installing).rejects.toThrow();
  expect(await steps()).toEqual(["update", "--download-only one two"]);
});
