import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DirectoryTarget } from "../../../processor/replicate/targets/directory/directory-target.ts";
import { DirectoryPaths } from "../../../processor/replicate/targets/directory/paths.ts";
import { useStarted } from "../../support/started.ts";
import { copyTo, hashOf, newOriginal, soon, stateOf } from "./support/copies.ts";
import { countPartials } from "./support/leftovers.ts";
import { testTarget } from "./support/target-suite.ts";

const place = useStarted(async () => {
  const path = await mkdtemp(join(tmpdir(), "causeway-directory-"));
  return {
    path,
    create: () => new DirectoryTarget({ name: "directory", path }),
    countLeftovers: () => countPartials(path),
    stop: () => rm(path, { recursive: true, force: true }),
  };
});

testTarget({ create: () => place.create(), countLeftovers: () => place.countLeftovers() });

test("a disk that is full, or isn't mounted, is told as that", async () => {
  const original = newOriginal(5);
  const { key, sha256 } = original.facts;
  await copyTo(place.create(), newOriginal(1));
  // Whatever is written there finds no room.
  await symlink("/dev/full", new DirectoryPaths(place.path).partial(key, sha256));
  expect(stateOf(await copyTo(place.create(), original))).toBe("full");
  await place.create().remove([key], soon());
  const unmounted = new DirectoryTarget({ name: "directory", path: join(place.path, "unmounted") });
  expect(stateOf(await copyTo(unmounted, original))).toBe("missing-bucket");
  await expect(unmounted.find(key, soon())).rejects.toMatchObject({ kind: "missing-bucket" });
  await expect(unmounted.list("", undefined, soon())).rejects.toMatchObject({ kind: "missing-bucket" });
});

test.each(["../out", "a/../b", "/etc/passwd", "a//b", "", "a/.hidden", "a\0b", "ä", "a/^b"])(
  "%j is no key: nothing is written under it",
  async (key) => {
    expect(stateOf(await copyTo(place.create(), newOriginal(1, { key })))).toBe("refused");
  },
);

test("what isn't the copy's own bytes any more is found by a second copy, and mended by a third", async () => {
  const original = newOriginal(5);
  await copyTo(place.create(), original);
  await writeFile(new DirectoryPaths(place.path).object(original.facts.key), "other");
  expect(stateOf(await copyTo(place.create(), original))).toBe("mismatch");
  expect(stateOf(await copyTo(place.create(), original))).toBe("stored");
  expect(await hashOf(place.create(), original.facts.key)).toBe(original.facts.sha256);
});
