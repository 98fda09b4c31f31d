import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { expect, test, vi } from "vitest";
import { ReplicaFault } from "../../../processor/replicate/replica-fault.ts";
import { DirectoryTarget } from "../../../processor/replicate/targets/directory/directory-target.ts";
import { openPrimary } from "../../../scripts/replicas/primary.ts";
import { PART_BYTES } from "./support/copies.ts";
import { BUCKET, SINCE, useTool } from "./support/tool.ts";

const { place, fill, run, damage, losePrimary } = useTool();

test("what is wrong is told, mended in both directions, and is right then; a dry run changes nothing", async () => {
  const [small, large] = await fill([5, 2 * PART_BYTES + 5]);
  if (small === undefined || large === undefined) throw new Error("Nothing is filled.");
  const etags = [small, large].map(({ etag }) => etag);
  const before = await run("verify", "--primary");
  expect(before).toMatchObject({ code: 0, problems: [], verifiedCopies: 4 });

  await damage("one", small);
  await losePrimary(small);
  await losePrimary(large);

  const expected = [
    { fileId: small.fileId, where: "one", what: "has 7 bytes", since: SINCE },
    { fileId: small.fileId, where: "primary" },
    { fileId: large.fileId, where: "primary" },
  ];
  const dry = await run("repair", "--dry-run");
  expect(dry).toMatchObject({ code: 1, problems: expected, verifiedCopies: 3 });
  expect(await run("drill")).toMatchObject({ code: 0, problems: [] });

  const mended = await run("repair");
  expect(mended.code).toBe(0);
  expect(mended.problems.map(({ where, mended: how }) => [where, how])).toEqual([
    ["one", "copied again"],
    ["primary", "from two"],
    ["primary", "from one"],
  ]);
  expect(await Promise.all(place.repairs)).toEqual(["repaired", "repaired"]);
  const after = await run("verify", "--primary");
  expect(after).toMatchObject({ code: 0, problems: [], verifiedCopies: 4, merkleRoot: before.merkleRoot });
  const tags = [small, large].map(async ({ original }) => {
    const head = new HeadObjectCommand({ Bucket: BUCKET, Key: original.facts.key });
    return (await place.client.send(head)).ETag;
  });
  // Its parts are as long as those of most uploads.
  expect(await Promise.all(tags)).toEqual(etags);
});

test("a copy that can't be read is left as it is; one that can't be replaced is told with the reason", async () => {
  const [only] = await fill([5]);
  if (only === undefined) throw new Error("Nothing is filled.");
  await damage("one", only);
  const throttled = new ReplicaFault("throttled");
  const read = vi.spyOn(DirectoryTarget.prototype, "read").mockImplementation(async function (
    this: DirectoryTarget,
    key,
  ) {
    if (this.name === "two") throw throttled;
    return { body: new Blob(["damaged"]).stream(), sizeBytes: 7, etag: key };
  });
  const begin = vi.spyOn(DirectoryTarget.prototype, "begin").mockRejectedValue(throttled);
  const { code, problems } = await run("repair");
  read.mockRestore();
  begin.mockRestore();
  expect(code).toBe(1);
  expect(problems).toMatchObject([
    {
      where: "one",
      what: "has 7 bytes; it couldn't be replaced: The target wants fewer requests.",
    },
    { where: "two", what: "The target wants fewer requests." },
  ]);
  expect(problems.map(({ mended }) => mended)).toEqual([undefined, undefined]);
  const wish = { target: "one", versions: [{ fileId: only.fileId, version: 1 }] };
  expect(place.retries.slice(-2)).toEqual([wish, wish]);
  expect(await run("verify")).toMatchObject({ verifiedCopies: 1, problems: [] });
});

test("a right copy that no record calls stored is what the primary is made of, and what is pending is told", async () => {
  const [small, other] = await fill([5, 6]);
  if (small === undefined || other === undefined) throw new Error("Nothing is filled.");
  for (const name of ["one", "two"] as const) await damage(name, other);
  await damage("one", small);
  small.copies.one = { state: "failed", tries: 8, error: "The primary hasn't it." };
  small.copies.two = { state: "pending", tries: 0, error: "It was read, and has other bytes." };
  await losePrimary(small);
  expect(await run("drill")).toMatchObject({ problems: [{ fileId: other.fileId, where: "everywhere" }] });
  const { problems } = await run("repair");
  expect(problems.map(({ where, what, mended }) => [where, what, mended])).toEqual([
    ["one", "has 7 bytes", "copied again"],
    ["two", "is right, and its record says pending", "copied again"],
    ["primary", "isn't there, or under another ETag", "from two"],
    ["one", "has 7 bytes", "copied again"],
    ["two", "has 7 bytes", "copied again"],
  ]);
  const target = new DirectoryTarget({ name: "one", path: place.paths.one });
  const copy = await target.find(small.original.facts.key, AbortSignal.timeout(30_000));
  expect(copy).toMatchObject({ disposition: "attachment" });
});

test("a version that no target has is lost without the primary: the drill says so", async () => {
  const [only] = await fill([5]);
  if (only === undefined) throw new Error("Nothing is filled.");
  await damage("one", only);
  await damage("two", only);
  expect(await run("drill")).toMatchObject({ code: 1, problems: [{ where: "everywhere" }] });
});

test("the primary is named as the product has it named: Amazon's has no endpoint, and what is lacking is told", () => {
  const keys = { S3_ACCESS_KEY_ID: "a", S3_SECRET_ACCESS_KEY: "b" };
  expect(() => openPrimary({ ...keys, S3_BUCKET: "b", S3_REGION: "eu-central-1" })).not.toThrow();
  expect(() => openPrimary({ ...keys, S3_REGION: "eu-central-1" })).toThrow(/S3_BUCKET/);
});
