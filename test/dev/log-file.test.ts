import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openLog } from "../../scripts/dev/log-file.ts";

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "causeway-log-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("a full log makes room for another, and of two no more than one is kept", () => {
  const directory = newDirectory();
  const log = openLog(directory, () => {}, 1_000);
  for (let line = 0; line < 100; line += 1) log("test", `line ${line}\n`);
  const [older, newer] = ["stack.log.1", "stack.log"].map((name) =>
    readFileSync(join(directory, name), "utf8"),
  );
  expect(newer).toMatch(/^\S+Z \[test\] line \d+\n/);
  expect(`${older}${newer}`).toMatch(/line 98\n.*line 99\n$/);
  expect(`${older}${newer}`).not.toContain("line 0\n");
  for (const name of ["stack.log.1", "stack.log"]) {
    expect(statSync(join(directory, name)).size).toBeLessThan(1_100);
  }
});

test("a log whose disk is full ends nothing, and is told of once, with what to do", () => {
  const directory = newDirectory();
  symlinkSync("/dev/full", join(directory, "stack.log"));
  const told: string[] = [];
  const log = openLog(directory, (sentence) => told.push(sentence));
  log("test", "one");
  log("test", "two");
  expect(told).toEqual([
    `Nothing is logged: ${join(directory, "stack.log")} can't be written (ENOSPC); free some space on its disk.`,
  ]);
});
