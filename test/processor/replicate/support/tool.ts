import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { vi } from "vitest";
import { type FileId, newFileId, TenantId } from "#contract/ids.ts";
import type { RepairJob, RepairRequest } from "#contract/repairs.ts";
import type { Replica } from "#contract/replicas.ts";
import { type Report, Standing } from "#contract/reports.ts";
import { ObjectStore } from "../../../../processor/object-store.ts";
import { copyObject } from "../../../../processor/replicate/copy-object.ts";
import { PrimaryWriter } from "../../../../processor/replicate/primary-writer.ts";
import { RepairPrimary } from "../../../../processor/replicate/repair-primary.ts";
import { DirectoryTarget } from "../../../../processor/replicate/targets/directory/directory-target.ts";
import { DirectoryPaths } from "../../../../processor/replicate/targets/directory/paths.ts";
import { startLocalS3 } from "../../../../scripts/dev/replicas/local-s3.ts";
import { runReplicas } from "../../../../scripts/replicas/run.ts";
import { useStarted } from "../../../support/started.ts";
import { startHttpDouble } from "../../support/http-double.ts";
import { copyTo, newOriginal, type Original, PART_BYTES } from "./copies.ts";

/** When the records say that copies were stored. */
export const SINCE = "2026-11-01T00:00:00.000Z";
export const BUCKET = "primary";
const CLEAN = Standing.parse({ state: "clean", sniffedType: null, derivatives: [], givenUp: [] });

type Name = "one" | "two";
type CopyState = Pick<Replica, "state" | "tries" | "error">;

export interface Version {
  readonly original: Original;
  readonly fileId: FileId;
  etag: string;
  /** By the records. */
  readonly copies: Record<Name, CopyState>;
}

const STORED: CopyState = { state: "stored", tries: 0, error: null };

/** Two directories as targets, an S3 as the primary, and records of which a page has one version. */
async function startPlace() {
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
  const records = await startHttpDouble(async ({ path, body }) => {
    if (path.includes("/repair")) {
      const wanted = (JSON.parse(body) as RepairRequest).versions;
      // As the queue does: the answer doesn't wait for them.
      repairs.push(
        ...wanted.map((wish) => repairing.repair(jobOf(versions, wish), AbortSignal.timeout(30_000))),
      );
      const queued = wanted.map(({ fileId, version }) => ({ fileId, version }));
      return { status: 202, body: { queued, skipped: [] } };
    }
    if (path.includes("/retry")) {
      const wish = JSON.parse(body) as { target: Name; versions: readonly { fileId: FileId }[] };
      retries.push(wish);
      for (const { fileId } of wish.versions) {
        const version = versions.find((each) => each.fileId === fileId);
        const target = targets.find(({ name }) => name === wish.target);
        if (version === undefined || target === undefined) throw new Error("There is no such copy.");
        await copyAgain(store, version, target);
      }
      return { status: 202, body: { copies: wish.versions.length, removals: 0 } };
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
}

type Place = Awaited<ReturnType<typeof startPlace>>;

function describe({ original: { facts }, fileId, etag, copies: states }: Version): object {
  const { key: objectKey, sizeBytes, sha256, contentType: mimeType } = facts;
  const copies = Object.entries(states).map(([target, state]) => {
    const storedAt = state.state === "stored" ? SINCE : null;
    return { target, ...state, since: SINCE, storedAt, nextTryAt: null };
  });
  return { fileId, version: 1, objectKey, etag, sizeBytes, sha256, mimeType, copies };
}

/** As a job does it, and what it reports. */
async function copyAgain(store: ObjectStore, version: Version, target: DirectoryTarget): Promise<void> {
  const { key: objectKey, sha256, contentType } = version.original.facts;
  const etag = version.etag.replaceAll('"', "");
  const object = { objectKey, etag, sha256, contentType, disposition: "attachment" };
  const failures = await copyObject(store, object, [target], AbortSignal.timeout(30_000));
  const failed = failures.get(target.name);
  const { tries } = version.copies[target.name as Name];
  version.copies[target.name as Name] =
    failed === undefined ? STORED : { state: "pending", tries: tries + 1, error: failed.detail };
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
async function fill(place: Place, sizes: readonly number[]): Promise<readonly Version[]> {
  place.versions.splice(0);
  place.failFrom(Number.POSITIVE_INFINITY);
  for (const sizeBytes of sizes) {
    const original = newOriginal(sizeBytes);
    const etag = await putPrimary(place, original);
    for (const [name, path] of Object.entries(place.paths)) {
      await copyTo(new DirectoryTarget({ name, path }), original);
    }
    place.versions.push({ original, fileId: newFileId(), etag, copies: { one: STORED, two: STORED } });
  }
  return place.versions;
}

/** As the worker does: what is more than a part in parts of 8 MiB. */
async function putPrimary({ client }: Place, { bytes, facts }: Original): Promise<string> {
  const object = { Bucket: BUCKET, Key: facts.key };
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

export interface Answer {
  readonly code: number;
  readonly problems: readonly { where: string; what: string; since: string | null; mended?: string }[];
  readonly verifiedCopies: number;
  readonly merkleRoot: string;
  readonly reason: string;
}

/** As the script runs it; what it says goes nowhere else. */
async function run(place: Place, command: string, ...args: readonly string[]): Promise<Answer> {
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

function damage(place: Place, name: Name, { original }: Version): Promise<void> {
  return writeFile(new DirectoryPaths(place.paths[name]).object(original.facts.key), "damaged");
}

function losePrimary(place: Place, { original }: Version): Promise<unknown> {
  return place.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: original.facts.key }));
}

/** What `npm run replicas` works on, for all tests of a file, and the tool itself. */
export function useTool() {
  const place = useStarted(startPlace);
  return {
    place,
    fill: (sizes: readonly number[]) => fill(place, sizes),
    run: (command: string, ...args: readonly string[]) => run(place, command, ...args),
    damage: (name: Name, version: Version) => damage(place, name, version),
    losePrimary: (version: Version) => losePrimary(place, version),
  };
}
