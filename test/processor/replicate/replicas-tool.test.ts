import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  CompleteMultipartUploadCommand,
} from "@aws-sdk/client-s3";
import { expect, test, vi } from "vitest";
import { type FileId, newFileId, TenantId } from "#contract/ids.ts";
import type { RepairJob, RepairRequest } from "#contract/repairs.ts";
import { type Report, Standing } from "#contract/reports.ts";
import { ObjectStore } from "../../../processor/object-store.ts";
import { PrimaryWriter } from "../../../processor/replicate/primary-writer.ts";
import { RepairPrimary } from "../../../processor/replicate/repair-primary.ts";
import { ReplicaFault } from "../../../processor/replicate/replica-fault.ts";
import { DirectoryTarget } from "../../../processor/replicate/targets/directory/directory-target.ts";
import { DirectoryPaths } from "../../../processor/replicate/targets/directory/paths.ts";
import { startLocalS3 } from "../../../scripts/dev/replicas/local-s3.ts";
import { MerkleRoot } from "../../../scripts/replicas/merkle.ts";
import { openPrimary } from "../../../scripts/replicas/primary.ts";
import { runReplicas } from "../../../scripts/replicas/run.ts";
import { useStarted } from "../../support/started.ts";
import { startHttpDouble } from "../support/http-double.ts";
import { copyTo, newOriginal, type Original, PART_BYTES } from "./support/copies.ts";

const SINCE = "2026-11-01T00:00:00.000Z";
const BUCKET = "primary";
const CLEAN = Standing.parse({ state: "clean", sniffedType: null, derivatives: [], givenUp: [] });

interface Version {
  readonly original: Original;
  readonly fileId: FileId;
  etag: string;
}

/** Two directories as targets, an S3 as the primary, and records of which a page has one version. */
const place = useStarted(async () => {
  const directory = await mkdtemp(join(tmpdir(), "causeway-tool-"));
  const paths = { one: await mkdtemp(join(directory, "one-")), two: await mkdtemp(join(directory, "two-")) };
  const primary = await startLocalS3(join(directory, "primary"), BUCKET);
  const { endpoint, accessKeyId, secretAccessKey } = primary;
  const client = new S3Client({
    endpoint,
    region: "auto",
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  const versions: Version[] = [];
  const asked: string[] = [];
  const retries: unknown[] = [];
  let failsFrom = Number.POSITIVE_INFINITY;
  const options = {
    ...{ endpoint, bucket: BUCKET, region: "auto", forcePathStyle: true },
    ...{ accessKeyId, secretAccessKey },
  };
  const [store, writer] = [new ObjectStore(options), new PrimaryWriter(options)];
  const targets = Object.entries(paths).map(([name, path]) => new DirectoryTarget({ name, path }));
  const repairing = new RepairPrimary({ store, writer, targets, reporter: reporterOf(versions) });
  const repairs: Promise<unknown>[] = [];
  const records = await startHttpDouble(({ path, body }) => {
    if (path.includes("/repair")) {
      const wanted = (JSON.parse(body) as RepairRequest).versions;
      // As the queue does: the answer doesn't wait for them.
      repairs.push(
        ...wanted.map((wish) => repairing.repair(jobOf(versions, wish), AbortSignal.timeout(30_000))),
      );
      return { status: 202, body: { queued: wanted.map(({ fileId, version }) => ({ fileId, version })) } };
    }
    if (path.includes("/retry")) {
      retries.push(JSON.parse(body));
      return { status: 202, body: { copies: 1, removals: 0 } };
    }
    if (path.includes("/targets")) return { status: 200, body: { items: [] } };
    const cursor = Number(new URL(path, "http://records").searchParams.get("cursor") ?? 0);
    asked.push(String(cursor));
    if (cursor >= failsFrom) return { status: 400, body: { code: "BROKEN" } };
    const items = versions.slice(cursor, cursor + 1).map(describe);
    const nextCursor = cursor + 1 < versions.length ? String(cursor + 1) : null;
    return { status: 200, body: { items, nextCursor } };
  });
  const env = {
    ...{ REPLICAS: "one,two", REPLICA_ONE_KIND: "directory", REPLICA_TWO_KIND: "directory" },
    ...{ REPLICA_ONE_PATH: paths.one, REPLICA_TWO_PATH: paths.two },
    ...{ S3_ENDPOINT: endpoint, S3_BUCKET: BUCKET, S3_ACCESS_KEY_ID: accessKeyId },
    S3_SECRET_ACCESS_KEY: secretAccessKey,
  };
  return {
    ...{ directory, paths, client, versions, asked, retries, records, env, repairs },
    failFrom: (cursor: number) => {
      failsFrom = cursor;
    },
    async stop() {
      client.destroy();
      store.close();
      writer.close();
      await records.stop();
      await primary.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

function describe({ original: { facts }, fileId, etag }: Version): object {
  const copy = { state: "stored", since: SINCE, storedAt: SINCE, tries: 0, error: null, nextTryAt: null };
  const { key: objectKey, sizeBytes, sha256, contentType: mimeType } = facts;
  const copies = ["one", "two"].map((target) => ({ target, ...copy }));
  return { fileId, version: 1, objectKey, etag, sizeBytes, sha256, mimeType, copies };
}

/** As the worker sends it. */
function jobOf(
  versions: readonly Version[],
  { fileId, target }: RepairRequest["versions"][number],
): RepairJob {
  const version = versions.find((each) => each.fileId === fileId);
  if (version === undefined) throw new Error("There is no such version.");
  const { key: objectKey, sizeBytes, sha256, contentType } = version.original.facts;
  return {
    ...{ kind: "repair", tenantId: TenantId.parse("acme"), fileId, version: 1, comparesBytes: true },
    ...{ objectKey, sizeBytes, sha256, contentType, target, etag: version.etag.replaceAll('"', "") },
  };
}

/** A worker whose versions are clean, and that keeps the ETags it is told. */
function reporterOf(versions: readonly Version[]) {
  return {
    ask: async () => CLEAN,
    async send(report: Report) {
      if (report.kind !== "repair") throw new Error("This is no repair.");
      const version = versions.find(({ fileId }) => fileId === report.fileId);
      if (version !== undefined) version.etag = report.newEtag;
      return "accepted" as const;
    },
  };
}

/** Puts versions of these sizes into the records, the primary and both targets: nothing else is there. */
async function fill(sizes: readonly number[]): Promise<readonly Version[]> {
  place.versions.splice(0);
  place.failFrom(Number.POSITIVE_INFINITY);
  for (const sizeBytes of sizes) {
    const original = newOriginal(sizeBytes);
    const etag = await putPrimary(original);
    for (const [name, path] of Object.entries(place.paths)) {
      await copyTo(new DirectoryTarget({ name, path }), original);
    }
    place.versions.push({ original, fileId: newFileId(), etag });
  }
  return place.versions;
}

/** As the worker does: what is more than a part in parts of 8 MiB. */
async function putPrimary({ bytes, facts }: Original): Promise<string> {
  const object = { Bucket: BUCKET, Key: facts.key };
  const { client } = place;
  if (bytes.byteLength <= PART_BYTES) {
    return (await client.send(new PutObjectCommand({ ...object, Body: bytes }))).ETag ?? "";
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
  const Parts = [];
  for (let at = 0; at < bytes.byteLength; at += PART_BYTES) {
    const PartNumber = 1 + at / PART_BYTES;
    const Body = bytes.subarray(at, at + PART_BYTES);
    const { ETag } = await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  const whole = { ...object, UploadId, MultipartUpload: { Parts } };
  return (await client.send(new CompleteMultipartUploadCommand(whole))).ETag ?? "";
}

interface Answer {
  readonly code: number;
  readonly problems: readonly { where: string; what: string; since: string | null; mended?: string }[];
  readonly verifiedCopies: number;
  readonly merkleRoot: string;
  readonly reason: string;
}

/** As the script runs it; what it says goes nowhere else. */
async function run(command: string, ...args: readonly string[]): Promise<Answer> {
  const given = ["--tenant", "acme", "--url", place.records.url, "--token", "t", "--json", ...args];
  const said: string[] = [];
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
  const err = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const none = { problems: [], verifiedCopies: 0, merkleRoot: "", reason: "" };
  try {
    const code = await runReplicas([command, ...given], place.env);
    return { ...none, code, ...(JSON.parse(said.join("")) as typeof none) };
  } catch (error) {
    return { ...none, code: 2, reason: String(error) };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

function damage(name: "one" | "two", { original }: Version): Promise<void> {
  return writeFile(new DirectoryPaths(place.paths[name]).object(original.facts.key), "damaged");
}

function losePrimary({ original }: Version): Promise<unknown> {
  return place.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: original.facts.key }));
}

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

test("a copy that can't be read is left as it is; of one that can't be replaced the record is told", async () => {
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
    { where: "one", what: "has 7 bytes; it couldn't be replaced, and is wanted again" },
    { where: "two", what: "The target wants fewer requests." },
  ]);
  expect(problems.map(({ mended }) => mended)).toEqual([undefined, undefined]);
  expect(place.retries).toEqual([{ target: "one", versions: [{ fileId: only.fileId, version: 1 }] }]);
  expect(await run("verify")).toMatchObject({ verifiedCopies: 1, problems: [{ where: "one" }] });
});

test("a version that no target has is lost without the primary: the drill says so", async () => {
  const [only] = await fill([5]);
  if (only === undefined) throw new Error("Nothing is filled.");
  await damage("one", only);
  await damage("two", only);
  expect(await run("drill")).toMatchObject({ code: 1, problems: [{ where: "everywhere" }] });
});

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

test("the primary is named as the product has it named: Amazon's has no endpoint, and what is lacking is told", () => {
  const keys = { S3_ACCESS_KEY_ID: "a", S3_SECRET_ACCESS_KEY: "b" };
  expect(() => openPrimary({ ...keys, S3_BUCKET: "b", S3_REGION: "eu-central-1" })).not.toThrow();
  expect(() => openPrimary({ ...keys, S3_REGION: "eu-central-1" })).toThrow(/S3_BUCKET/);
});

test.each([0, 1, 2, 3, 4, 5, 7, 8, 13])("the Merkle root of %i leaves is RFC 9162's", (count) => {
  const leaves = Array.from({ length: count }, (_, index) => ({
    key: `k${index}`,
    sizeBytes: index,
    sha256: "00",
  }));
  const root = new MerkleRoot();
  for (const leaf of leaves) root.add(leaf);
  const texts = leaves.map(({ key, sizeBytes, sha256 }) => `${key}\n${sizeBytes}\n${sha256}\n`);
  expect(root.finish()).toBe(hashTree(texts).toString("hex"));
});

/** As 2.1.1 defines it. */
function hashTree(leaves: readonly string[]): Buffer {
  const hash = createHash("sha256");
  const [only] = leaves;
  if (only === undefined) return hash.digest();
  if (leaves.length === 1) return hash.update(Buffer.of(0)).update(only).digest();
  const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  const sides = [hashTree(leaves.slice(0, left)), hashTree(leaves.slice(left))];
  return hash.update(Buffer.of(1)).update(Buffer.concat(sides)).digest();
}
