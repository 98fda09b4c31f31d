import { expect, test } from "vitest";
import { PROJECT_ROOT } from "../../scripts/dev/bundle.ts";
import { chooseSome } from "../../scripts/mutants/choice.ts";
import { applyMutant, findMutants } from "../../scripts/mutants/mutants.ts";
import { findSources } from "../../scripts/mutants/sources.ts";
import { testsOf } from "../../scripts/mutants/tests-of.ts";
import { findFailure } from "../../scripts/mutants/worktree.ts";

test.each([
  ["if (a < 3) b();", ["if (a <= 3) b();", "if (!(a < 3)) b();", "if (a < 4) b();", "if (a < 3) {}"]],
  ["const x = (a /* && */) && !b;", ["const x = (a /* && */) || !b;", "const x = (a /* && */) && b;"]],
  ["await f(true);", ["{}", "(f(true));", "await f(false);"]],
  ['throw new Error("no");', ["{}"]],
  ["let x: 1 | 2 = y as 2;", []],
  ['const é = "ü" === z;', ['const é = "ü" !== z;']],
])("%s has its mutants", (source, expected) => {
  const mutants = findMutants("some.ts", source).map((mutant) => applyMutant(source, mutant));
  expect(mutants.toSorted()).toEqual(expected.toSorted());
});

test("a seed chooses the same, and more of them the same and others", () => {
  const items = Array.from({ length: 100 }, (_, index) => index);
  expect(chooseSome(items, 10, 1)).toEqual(chooseSome(items, 20, 1).slice(0, 10));
  expect(chooseSome(items, 10, 2)).not.toEqual(chooseSome(items, 10, 1));
});

test("every source that is changed has tests, and every test that is named is there", () => {
  expect(findSources(PROJECT_ROOT)).toContain("worker/uploads/upload.ts");
  expect(() => testsOf(PROJECT_ROOT, "worker/app.ts")).toThrow("worker/app.ts has no tests");
  expect(() => testsOf("/", "worker/uploads/upload.ts")).toThrow("is not there");
});

test("of what Vitest says, the first test that failed is told, and not those that didn't run", () => {
  const lines = [
    ...["TAP version 13", "1..3", "not ok 1 - a.test.ts", "ok 2 - b.test.ts > one # time=1.00ms"],
    ...[
      "not ok 3 - b.test.ts > two # time=2.00ms",
      "    ---",
      "    error:",
      '        name: "AssertionError"',
    ],
    ...['        message: "no"', '    at: "b.test.ts:1:1"', "    ..."],
  ];
  expect(findFailure(lines.join("\n"))).toBe('b.test.ts > two: "no"');
  expect(findFailure(lines.slice(0, 4).join("\n"))).toBeUndefined();
});
