import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { PROJECT_ROOT } from "../../scripts/dev/bundle.ts";

const RERUN = { CAUSEWAY_RERUN_FAILED: "1" };

/** Passes, and then for ever, when it is run a second time. */
const LUCKY = `
import { existsSync, writeFileSync } from "node:fs";
const mark = new URL("mark", import.meta.url);
const isSecond = existsSync(mark);
writeFileSync(mark, "");
`;

/** A project with a test file and a `check`, both its own. */
async function newProject(file: string, check = "exit 0"): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "causeway-tests-"));
  onTestFinished(() => rm(root, { recursive: true }));
  await mkdir(join(root, "test"));
  await writeFile(join(root, "package.json"), JSON.stringify({ type: "module", scripts: { check } }));
  await writeFile(join(root, "test", "some.test.js"), file);
  return root;
}

interface Outcome {
  readonly exitCode: number;
  readonly lines: readonly string[];
}

/** What `npm test -- ARGS` runs, on that project. */
function runTests(root: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const command = [join(PROJECT_ROOT, "scripts", "test.ts"), "--root", root, "--globals", ...args];
  const { CAUSEWAY_RERUN_FAILED: _ours, ...rest } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      command,
      { env: { ...rest, NO_COLOR: "1", ...env } },
      (_error, stdout) => resolve({ exitCode: child.exitCode ?? -1, lines: stdout.trimEnd().split("\n") }),
    );
  });
}

test("all tests are run with npm's check, whose failure is one of theirs", async () => {
  const file = `test("one", () => {});`;
  const [sound, unsound, part] = await Promise.all([
    runTests(await newProject(file)),
    runTests(await newProject(file, "echo It is badly formatted.; exit 1")),
    runTests(await newProject(file, "exit 1"), ["some.test"]),
  ]);
  expect(sound).toMatchObject({ exitCode: 0 });
  expect(sound.lines.at(-1)).toBe("1 passed, 0 failed");
  expect(unsound.exitCode).toBe(1);
  expect(unsound.lines).toContain("It is badly formatted.");
  expect(unsound.lines.at(-1)).toBe("1 passed, 1 failed");
  expect(part.lines.at(-1)).toBe("1 passed, 0 failed");
});

test("one that is told to end stops what its tests have started first", async () => {
  const root = await newProject(
    `test("one", () => { console.log("begun"); return new Promise(() => {}); });`,
  );
  const setup = `import { writeFileSync } from "node:fs";
    export default () => () => writeFileSync(new URL("stopped", import.meta.url), "");`;
  await writeFile(join(root, "setup.js"), setup);
  await writeFile(join(root, "vitest.config.js"), `export default { test: { globalSetup: "./setup.js" } };`);
  const command = [join(PROJECT_ROOT, "scripts", "test.ts"), "--root", root, "--globals", "some.test"];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  for await (const text of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    if (String(text).includes("begun")) break;
  }
  child.stdout.resume();
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([143, null]);
  await access(join(root, "stopped"));
});

test("options are vitest's", async () => {
  const root = await newProject(`test("one", () => {}); test("another", () => expect(1).toBe(2));`);
  const [named, reported] = await Promise.all([
    runTests(root, ["-t", "one"]),
    runTests(root, ["some.test", "--reporter", "tap-flat"]),
  ]);
  expect(named).toMatchObject({ exitCode: 0 });
  expect(named.lines.at(-1)).toBe("1 passed, 0 failed");
  expect(reported.exitCode).toBe(1);
  expect(reported.lines).toContain("TAP version 13");
  expect(reported.lines.at(-1)).toBe("1 passed, 1 failed");
});

test("a test that nobody ran fails a whole run", async () => {
  const outcome = await runTests(await newProject(`test("one", () => {}); test.skip("two", () => {});`));
  expect(outcome.exitCode).toBe(1);
  expect(outcome.lines.slice(-2)).toEqual(["skipped: test/some.test.js two", "1 passed, 1 failed"]);
});

test.each([
  ["a test", `test("is lucky", () => expect(isSecond).toBe(true));`, "is lucky", 1],
  ["a file", `if (!isSecond) throw new Error("No."); test("one", () => {});`, "(all of it)", 0],
])(
  "%s that passes when it is run again is told as flaky, where that is asked for",
  async (_what, file, name, passed) => {
    const lucky = `${LUCKY} test("sound", () => {}); ${file}`;
    const [once, twice] = await Promise.all([
      runTests(await newProject(lucky)),
      runTests(await newProject(lucky), [], RERUN),
    ]);
    expect(once.exitCode).toBe(1);
    expect(once.lines.at(-1)).toBe(`${passed} passed, 1 failed`);
    expect(twice).toMatchObject({ exitCode: 0 });
    expect(twice.lines).toContain(`flaky: test/some.test.js ${name}`);
    expect(twice.lines.at(-1)).toBe("2 passed, 0 failed");
  },
);

test("a file that fails twice fails, though each time by another test", async () => {
  const file = `${LUCKY} test("first", () => expect(isSecond).toBe(true)); test("then", () => expect(isSecond).toBe(false));`;
  const outcome = await runTests(await newProject(file), [], RERUN);
  expect(outcome.exitCode).toBe(1);
  expect(outcome.lines).toContain("flaky: test/some.test.js first");
  expect(outcome.lines.at(-1)).toBe("1 passed, 1 failed");
});
