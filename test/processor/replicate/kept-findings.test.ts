import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useTool } from "./support/tool.ts";

const { place, fill, run, damage } = useTool();

test("what was interrupted is gone on with, and its file shows later whether anything has changed", async () => {
  const [first] = await fill([5, 6, 7]);
  if (first === undefined) throw new Error("Nothing is filled.");
  const out = join(place.directory, "found.ndjson");
  place.failFrom(2);
  expect(await run("verify", "--out", out)).toMatchObject({ code: 2, verifiedCopies: 0 });
  place.failFrom(Number.POSITIVE_INFINITY);
  // As a kill leaves it: in the middle of a line.
  await writeFile(out, `${await readFile(out, "utf8")}{"kind":"version","fil`);
  place.asked.splice(0);

  const whole = await run("verify", "--out", out);

  expect(whole).toMatchObject({ code: 0, verifiedCopies: 6 });
  expect(place.asked).toEqual(["2"]);
  const later = await run("verify", "--against", out);
  expect(later).toMatchObject({ code: 0, verifiedCopies: 6, merkleRoot: whole.merkleRoot });
  await damage("two", first);
  const changed = await run("verify", "--against", out);
  expect(changed).toMatchObject({ code: 1, problems: [{ where: "two" }], merkleRoot: whole.merkleRoot });
  await writeFile(out, (await readFile(out, "utf8")).replace('"sizeBytes":5', '"sizeBytes":4'));
  expect((await run("verify", "--against", out)).reason).toContain("Merkle root is another");
});

test("a file of findings is gone on with by its own survey alone, and only until it is finished", async () => {
  const [first, second] = await fill([5, 6]);
  if (first === undefined || second === undefined) throw new Error("Nothing is filled.");
  const [out, later, foreign] = ["out", "later", "foreign"].map((name) =>
    join(place.directory, `own-${name}.ndjson`),
  ) as [string, string, string];
  expect(await run("verify", "--out", out)).toMatchObject({ code: 0, verifiedCopies: 4 });
  const whole = await readFile(out, "utf8");
  await damage("one", first);
  expect((await run("verify", "--out", out)).reason).toContain("is finished");
  // Killed between its last page and its end: the end is written, and then it can be gone by.
  await writeFile(out, whole.slice(0, whole.lastIndexOf('{"kind":"end"')));
  for (const other of [
    ["--target", "one"],
    ["--sample", "0.5"],
    ["--tenant", "beta"],
    ["--against", out],
  ]) {
    expect((await run("verify", "--out", out, ...other)).reason).toContain("is another survey's");
  }
  expect(await run("verify", "--out", out)).toMatchObject({ code: 0, verifiedCopies: 4 });
  expect(await readFile(out, "utf8")).toBe(whole);
  expect((await run("verify", "--against", out, "--tenant", "beta")).reason).toContain("is of tenant acme");
  // Broken off behind one version of two: the other is looked at by the next run.
  await run("verify", "--against", out, "--out", later);
  const lines = (await readFile(later, "utf8")).split("\n");
  await writeFile(later, `${lines.slice(0, 3).join("\n")}\n`);
  await damage("two", second);
  const resumed = await run("verify", "--against", out, "--out", later);
  expect(resumed.problems.map(({ where }) => where)).toEqual(["one", "two"]);
  await writeFile(foreign, "What somebody has written.\n");
  expect((await run("verify", "--out", foreign)).reason).toContain("stays as it is");
  expect(await readFile(foreign, "utf8")).toBe("What somebody has written.\n");
});
