import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readProduct, removeScratch } from "../../../processor/sandbox/scratch.ts";
import { createScratch } from "../support/sandboxes.ts";

let scratch: Awaited<ReturnType<typeof createScratch>>;
const at = (name: string) => join(scratch.path, name);

beforeEach(async () => {
  scratch = await createScratch();
});

afterEach(() => scratch[Symbol.asyncDispose]());

describe("of what a tool left", () => {
  test("a plain file is read, up to a size", async () => {
    await writeFile(at("product"), "1234");
    expect(String(await readProduct(at("product"), 4))).toBe("1234");
    expect(await readProduct(at("product"), 3)).toBeUndefined();
  });

  test("nothing is read behind a link, from a pipe, a directory, or where nothing is", async () => {
    await writeFile(at("secret"), "secret");
    await symlink(at("secret"), at("link"));
    execFileSync("mkfifo", [at("pipe")]);
    for (const name of ["link", "pipe", ".", "none"])
      expect(await readProduct(at(name), 100)).toBeUndefined();
  });

  test("all is removed, however deep", async () => {
    // Longer than any path may be.
    const script = 'mkdir a; for i in $(seq 30); do mkdir b; mv a "b/$(printf %0200d 0)"; mv b a; done';
    execFileSync("/bin/sh", ["-c", script], { cwd: scratch.path });
    await removeScratch(scratch.path);
    expect(existsSync(scratch.path)).toBe(false);
  });
});
