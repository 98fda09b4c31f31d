import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import {
  REPLICA_READ_HEADER,
  REPLICA_SHA256_HEADER,
  replicaPath,
  signReplicaRead,
} from "#contract/replica-reads.ts";
import { CheckedReads, type ReadableTarget } from "../../../processor/replicate/checked-reads.ts";
import { copyToTargets } from "../../../processor/replicate/copy-to-targets.ts";
import { MAX_READS, MAX_READS_OF_TENANT } from "../../../processor/replicate/read-shares.ts";
import { DirectoryTarget } from "../../../processor/replicate/targets/directory/directory-target.ts";
import type { RunningGateway } from "../../support/replica-gateway.ts";
import { memoryTarget, REPLICA_READS_SECRET, startReplicaGateway } from "../../support/replica-gateway.ts";
import { sha256Of } from "../../support/sha256.ts";
import { newOriginal, streamOf } from "./support/copies.ts";

const MIB = 2 ** 20;
const FILE = "0".repeat(26);
const keyOf = (tenant: string) => `t/${tenant}/${FILE}/1/original-1`;
const KEY = keyOf("acme");

const copies = new Map<string, Buffer>();
/** What begins, and goes on for as long as its reader stays. */
const endless: ReadableTarget = {
  name: "endless",
  read: async () => ({
    ...{ sizeBytes: 2 ** 40, etag: "endless" },
    body: new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
  }),
};

let directory: string;
let gateway: RunningGateway;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "causeway-checked-"));
});
afterAll(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  const disk = new DirectoryTarget({ name: "disk", path: directory });
  gateway = await startReplicaGateway([memoryTarget("vault", copies), endless, disk]);
});
afterEach(async () => {
  copies.clear();
  await gateway.stop();
});

interface Wanted {
  readonly target?: string;
  readonly key?: string;
  readonly range?: string | undefined;
  readonly sha256?: string;
  readonly signal?: AbortSignal;
}

async function ask({ target = "vault", key = KEY, range, sha256, signal }: Wanted): Promise<Response> {
  const read = { method: "GET", target, key, range, sha256 } as const;
  const headers = new Headers({
    [REPLICA_READ_HEADER]: await signReplicaRead(REPLICA_READS_SECRET, read, Date.now()),
  });
  if (range !== undefined) headers.set("range", range);
  if (sha256 !== undefined) headers.set(REPLICA_SHA256_HEADER, sha256);
  return fetch(new URL(replicaPath(target, key), gateway.url), { headers, signal: signal ?? null });
}

const changed = (bytes: Buffer): Buffer => {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(5) ^ 1, 5);
  return copy;
};

test("a whole copy of other bytes is never whole at its reader, and is told of", async () => {
  const bytes = randomBytes(3 * MIB);
  const sha256 = sha256Of(bytes);
  copies.set(KEY, bytes);
  expect(Buffer.from(await (await ask({ sha256 })).arrayBuffer()).equals(bytes)).toBe(true);
  copies.set(KEY, changed(bytes));
  for (const range of [undefined, `bytes=0-${3 * MIB - 1}`]) {
    const reading = ask({ sha256, range }).then((answer) => answer.arrayBuffer());
    // Before its head has come, or behind it.
    await expect(reading).rejects.toThrow(/terminated|fetch failed/);
  }
  expect(gateway.mismatches).toEqual(
    Array.from({ length: 2 }, () => ({ target: "vault", key: KEY, sha256 })),
  );
});

test.each([undefined, "bytes=0-9", "bytes=20-29"])("nothing is given of a small one (%s)", async (range) => {
  const bytes = randomBytes(1000);
  const sha256 = sha256Of(bytes);
  copies.set(KEY, changed(bytes));
  const answer = await ask({ sha256, range });
  expect([answer.status, await answer.json()]).toMatchObject([410, { code: "UPLOAD_LOST" }]);
  expect(gateway.mismatches).toHaveLength(1);
});

test("a signature is good for one SHA-256, and for none", async () => {
  copies.set(KEY, randomBytes(10));
  const read = { method: "GET", target: "vault", key: KEY, sha256: "0".repeat(64) } as const;
  const signature = await signReplicaRead(REPLICA_READS_SECRET, read, Date.now());
  const answer = await fetch(new URL(replicaPath("vault", KEY), gateway.url), {
    headers: { [REPLICA_READ_HEADER]: signature },
  });
  expect(answer.status).toBe(403);
});

test("a range at a disk is of what was proved, and not of what it was changed to", async () => {
  const { bytes, facts } = newOriginal(100_000, { key: KEY });
  const disk = new DirectoryTarget({ name: "disk", path: directory });
  await copyToTargets(streamOf(bytes), facts, [disk], new AbortController().signal);
  const wanted = { target: "disk", sha256: facts.sha256, range: "bytes=500-599" };
  const right = await ask(wanted);
  expect(right.status).toBe(206);
  expect(Buffer.from(await right.arrayBuffer()).equals(bytes.subarray(500, 600))).toBe(true);

  const path = join(directory, "objects", KEY);
  await writeFile(path, changed(await readFile(path)));

  // What was proved is another file than what is there now; whoever asks again learns what that is.
  const after = await ask(wanted);
  expect([after.status, after.headers.get("retry-after")]).toEqual([429, "5"]);
  expect((await ask(wanted)).status).toBe(410);
  expect(gateway.mismatches).toMatchObject([{ target: "disk" }]);
});

test("a range of what takes long to prove comes later, of one proof", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const bytes = randomBytes(100);
  const held = Promise.withResolvers<void>();
  let wholeReads = 0;
  const slow: ReadableTarget = {
    name: "slow",
    async read(_, range) {
      const { offset, length } = range ?? { offset: 0, length: bytes.byteLength };
      if (range === undefined) wholeReads += 1;
      if (range === undefined) await held.promise;
      const body = new Blob([new Uint8Array(bytes.subarray(offset, offset + length))]).stream();
      return { sizeBytes: bytes.byteLength, etag: "same", body };
    },
  };
  const reads = new CheckedReads(() => {});
  const open = () =>
    reads.open(
      slow,
      { key: KEY, sha256: sha256Of(bytes) },
      { offset: 7, length: 2 },
      new AbortController().signal,
    );
  const first = open().catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await first).toMatchObject({ code: "RATE_LIMITED" });
  vi.useRealTimers();
  const second = open();
  held.resolve();
  const opened = await second;
  expect(Buffer.from(await new Response(opened?.body).arrayBuffer()).equals(bytes.subarray(7, 9))).toBe(true);
  expect(wholeReads).toBe(1);
});

test("one tenant's readers leave places to others, and all together don't take more than there are", async () => {
  const ended = new AbortController();
  const { signal } = ended;
  // One that nobody refers to any more is let go of.
  const held: Response[] = [];
  const hold = async (tenant: string) => {
    const answer = await ask({ target: "endless", key: keyOf(tenant), signal });
    held.push(answer);
    return answer.status;
  };
  const holdAll = (tenant: string) =>
    Promise.all(Array.from({ length: MAX_READS_OF_TENANT + 1 }, () => hold(tenant)));
  const tenants = Array.from({ length: MAX_READS / MAX_READS_OF_TENANT }, (_, index) => `tenant-${index}`);
  for (const tenant of tenants) {
    expect((await holdAll(tenant)).toSorted((a, b) => a - b)).toEqual([
      ...Array(MAX_READS_OF_TENANT).fill(200),
      429,
    ]);
  }
  expect(await hold("late")).toBe(429);
  ended.abort();
  // Who has gone leaves a place.
  copies.set(KEY, Buffer.from("a"));
  await expect.poll(async () => (await ask({})).status).toBe(200);
});

test("what isn't read leaves no file open", async () => {
  const { bytes, facts } = newOriginal(1000, { key: keyOf("beta") });
  const disk = new DirectoryTarget({ name: "disk", path: directory });
  await copyToTargets(streamOf(bytes), facts, [disk], new AbortController().signal);
  const openFiles = async () => {
    const { signal } = new AbortController();
    await (await disk.read(facts.key, undefined, signal))?.body.cancel();
    return (await readdir("/proc/self/fd")).length;
  };
  const before = await openFiles();
  for (let count = 0; count < 50; count += 1) {
    const { signal } = new AbortController();
    await (await disk.read(facts.key, { offset: 0, length: 10 }, signal))?.body.cancel();
  }
  await expect.poll(openFiles).toBeLessThan(before + 10);
});
