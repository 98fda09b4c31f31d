import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { PROJECT_ROOT } from "../../scripts/dev/bundle.ts";
import { newAdmin, PATIENCE_MS } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import {
  createUpload,
  newCaller,
  sharedStack,
  uploadFile,
  waitForRecord,
  waitForVerdict,
} from "../support/api.ts";
import { eicar } from "../support/eicar.ts";
import { rows } from "../support/runs.ts";
import type { StallingProxy } from "../support/stalling-proxy.ts";
import { startStallingProxy } from "../support/stalling-proxy.ts";

const FILE_BYTES = 300_000;

let proxy: StallingProxy;
let admin: Caller;
const contents = new Map<string, Buffer>();

beforeAll(async () => {
  proxy = await startStallingProxy(sharedStack().url);
  const ann = await newCaller();
  admin = await newAdmin(ann.tenantId);
  for (const filename of ["a:b?.txt", "notes.txt", `${"é".repeat(120)}.txt`]) {
    const bytes = Buffer.from(randomBytes(FILE_BYTES / 2).toString("hex"));
    contents.set(await uploadFile(ann, bytes, { filename }), bytes);
  }
  contents.set(await uploadFile(ann, Buffer.alloc(0), { filename: "empty.txt" }), Buffer.alloc(0));
  await createUpload(ann, 10);
  // What is made of them is in the records too.
  for (const fileId of contents.keys()) {
    await waitForRecord(
      ann,
      fileId,
      ({ state, missingDerivatives }) =>
        state === "clean" && missingDerivatives.every((each) => each.state !== "making"),
    );
  }
});
afterAll(() => proxy.close());

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-export-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function start(directory: string, by: Caller = admin, url = proxy.url) {
  const options = ["--url", url, "--tenant", by.tenantId, "--out", directory];
  const child = spawn(process.execPath, [join(PROJECT_ROOT, "scripts", "export.ts"), ...options], {
    env: { ...process.env, CAUSEWAY_TOKEN: by.token, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, ended: endOf(child) };
}

async function endOf(child: ChildProcess): Promise<Ended> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}

/** What is under `objects`, by the id of its file. */
function readObjects(directory: string): Map<string, Buffer> {
  const found = readdirSync(join(directory, "objects"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry): [string, Buffer] => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(join(directory, "objects").length + 1).split("/")[0] ?? "", readFileSync(path)];
    });
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function readRecords(directory: string): readonly Record<string, unknown>[] {
  return readFileSync(join(directory, "records.ndjson"), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** No record of these tests is longer. */
const LONGEST_LINE_BYTES = 10_000;

/** All that an export has written so far. */
function bytesUnder(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** Other exports are in the trail too, and cursors tell when theirs began. */
function comparable(directory: string): readonly unknown[] {
  return readRecords(directory)
    .filter(({ action }) => action !== "tenant.exported" && action !== "file.read")
    .map(({ cursor: _cursor, ...record }) => record);
}

const sorted = (map: ReadonlyMap<string, Buffer>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

test("an export has every record and every byte, under names that any system takes", async () => {
  const directory = await newDirectory();
  void proxy.allow(Number.MAX_SAFE_INTEGER);
  const { code, output } = await start(directory).ended;
  expect(output).toContain("5 files with 5 versions");
  expect(output).toContain("1 not given out: uploading");
  expect(code).toBe(0);
  expect(sorted(readObjects(directory))).toEqual(sorted(contents));
  const names = readdirSync(join(directory, "objects"), { recursive: true, encoding: "utf8" });
  expect(names.some((name) => name.endsWith("/1/a_b_.txt"))).toBe(true);
  const kinds = readRecords(directory).map(({ kind }) => kind);
  expect([kinds[0], kinds.at(-1)]).toEqual(["tenant", "end"]);
  // Again, it has nothing to do, and says so.
  const again = await start(directory).ended;
  expect(again).toMatchObject({ code: 0, output: expect.stringContaining("4 there from before") as string });
});

test("killed at any place and run again, it goes on where it was", async () => {
  const whole = await newDirectory();
  void proxy.allow(Number.MAX_SAFE_INTEGER);
  expect((await start(whole).ended).code).toBe(0);
  const recordBytes = readFileSync(join(whole, "records.ndjson")).byteLength;
  const directory = await newDirectory();
  // In the middle of the records, then in the middle of contents.
  const places = rows(
    [recordBytes / 3, recordBytes + 1.5 * FILE_BYTES, 10],
    [FILE_BYTES / 3, FILE_BYTES / 3, 10, 1_000],
  );
  for (const bytes of places) {
    const before = bytesUnder(directory);
    const stalled = proxy.allow(Math.floor(bytes));
    const { child, ended } = start(directory);
    await stalled;
    // What the proxy has sent isn't yet what the program has written; the piece of a line before it is cut off.
    const written = before + Math.floor(bytes) - LONGEST_LINE_BYTES;
    await expect
      .poll(() => bytesUnder(directory), { interval: 10, timeout: PATIENCE_MS })
      .toBeGreaterThanOrEqual(written);
    child.kill("SIGKILL");
    expect((await ended).code).toBeNull();
  }
  void proxy.allow(Number.MAX_SAFE_INTEGER);
  const { code } = await start(directory).ended;
  expect(code).toBe(0);
  expect(comparable(directory)).toEqual(comparable(whole));
  expect(sorted(readObjects(directory))).toEqual(sorted(contents));
  // What was there already wasn't sent again.
  expect(proxy.bytes).toBeLessThan(2 * FILE_BYTES);
});

test("a connection that is cut is made again, without anybody's help", async () => {
  const directory = await newDirectory();
  const { ended } = start(directory);
  for (const bytes of [500, 500, FILE_BYTES]) {
    await proxy.allow(bytes);
    proxy.cut();
  }
  void proxy.allow(Number.MAX_SAFE_INTEGER);
  expect((await ended).code).toBe(0);
  expect(sorted(readObjects(directory))).toEqual(sorted(contents));
});

test("records that end in the middle of a line are taken up behind the last whole one", async () => {
  const directory = await newDirectory();
  void proxy.allow(Number.MAX_SAFE_INTEGER);
  expect((await start(directory).ended).code).toBe(0);
  const path = join(directory, "records.ndjson");
  const before = comparable(directory);
  const { byteLength } = readFileSync(path);
  for (const cut of rows([30, byteLength - 5], [1])) {
    await truncate(path, byteLength - cut);
    expect((await start(directory).ended).code).toBe(0);
    expect(comparable(directory)).toEqual(before);
  }
});

test("bytes that aren't those that were stored are fetched again", async () => {
  const directory = await newDirectory();
  void proxy.allow(Number.MAX_SAFE_INTEGER);
  const [fileId] = sorted(contents).find(([, bytes]) => bytes.byteLength > 0) ?? [""];
  const folder = join(directory, "objects", fileId);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "1.part"), Buffer.alloc(1000, "x"));
  expect((await start(directory).ended).code).toBe(0);
  expect(readObjects(directory).get(fileId)).toEqual(contents.get(fileId));
});

test("what isn't given out, and what couldn't be had, is said and told by the exit code", async () => {
  void proxy.allow(Number.MAX_SAFE_INTEGER);
  const ann = await newCaller();
  const own = await newAdmin(ann.tenantId);
  const clean = await uploadFile(ann, Buffer.from("hello"));
  const infected = await uploadFile(ann, eicar());
  await waitForVerdict(ann, clean);
  await waitForVerdict(ann, infected);
  const withheld = await start(await newDirectory(), own).ended;
  expect(withheld).toMatchObject({
    code: 3,
    output: expect.stringContaining("1 not given out: infected") as string,
  });
  // The record is there, and the file isn't any more.
  const directory = await newDirectory();
  expect((await start(directory, own).ended).code).toBe(3);
  await rm(join(directory, "objects"), { recursive: true });
  const records = join(directory, "records.ndjson");
  await writeFile(records, readFileSync(records, "utf8").replaceAll(clean, "0".repeat(26)));
  const missing = await start(directory, own).ended;
  expect(missing).toMatchObject({
    code: 1,
    output: expect.stringContaining(
      `Couldn't be had: ${"0".repeat(26)} version 1: 404 FILE_NOT_FOUND`,
    ) as string,
  });
});

test.each([
  ["a token that isn't good", { token: "x" }, "run it again with a new token"],
  ["another tenant", { tenantId: "other" }, "404 TENANT_NOT_FOUND"],
])("%s ends it at once", async (_what, change, said) => {
  void proxy.allow(Number.MAX_SAFE_INTEGER);
  const caller = { ...admin, ...(change as Partial<Caller>) };
  const { code, output } = await start(await newDirectory(), caller).ended;
  expect([code, output]).toEqual([1, expect.stringContaining(said)]);
});

test("a directory that has another tenant's export is left as it is", async () => {
  void proxy.allow(Number.MAX_SAFE_INTEGER);
  const directory = await newDirectory();
  expect((await start(directory).ended).code).toBe(0);
  const before = readFileSync(join(directory, "records.ndjson"));
  const ann = await newCaller();
  await uploadFile(ann, Buffer.from("hello"));
  const { code, output } = await start(directory, await newAdmin(ann.tenantId)).ended;
  expect([code, output]).toEqual([1, expect.stringContaining("is another tenant's")]);
  expect(readFileSync(join(directory, "records.ndjson"))).toEqual(before);
});

test("called without what it needs, it says how it is called", async () => {
  const child = spawn(process.execPath, [join(PROJECT_ROOT, "scripts", "export.ts"), "--tenant", "acme"], {
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect(await endOf(child)).toMatchObject({ code: 2, output: expect.stringContaining("Usage: ") as string });
});
