import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { findSevenZipFault } from "../../../processor/archives/seven-zip.ts";
import { Sandbox } from "../../../processor/sandbox/sandbox.ts";
import { InstreamScan } from "../../../processor/scan/instream.ts";
import { findProgram } from "../../../scripts/find-program.mjs";
import { type RunningClamd, startClamd } from "../../support/clamd.ts";
import { eicar } from "../../support/eicar.ts";

const never = new AbortController().signal;
let clamd: RunningClamd;
let sandbox: Sandbox;
let folder: string;

beforeAll(async () => {
  [clamd, sandbox] = await Promise.all([startClamd(), Sandbox.create()]);
});
afterAll(() => clamd.stop());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "causeway-7z-"));
  await writeFile(join(folder, "e.txt"), eicar());
});
afterEach(() => rm(folder, { recursive: true }));

/** What 7-Zip makes of the test file. */
function pack(...options: string[]): Promise<Buffer> {
  return packFile("e.txt", options);
}

async function packFile(name: string, options: readonly string[]): Promise<Buffer> {
  const path = join(folder, "packed.7z");
  const program = findProgram("7z") ?? "7z";
  const { status } = spawnSync(program, ["a", "-t7z", ...options, path, name], { cwd: folder });
  expect(status).toBe(0);
  return readFile(path);
}

async function faultOf(bytes: Buffer): Promise<string | undefined> {
  const path = join(folder, "original");
  await writeFile(path, bytes);
  return findSevenZipFault(sandbox, { scratch: folder, path }, bytes.length, never);
}

async function verdictOf(bytes: Buffer): Promise<string> {
  const scan = new InstreamScan(clamd, bytes.byteLength, AbortSignal.timeout(20_000));
  try {
    await scan.write(bytes);
    return (await scan.finish()).verdict;
  } finally {
    scan.close();
  }
}

test.each([
  ["-m0=LZMA"],
  ["-m0=LZMA2"],
  ["-m0=PPMd"],
  ["-m0=Copy"],
  ["-m0=BCJ", "-m1=LZMA2"],
  ["-m0=ARM", "-m1=LZMA"],
  ["-mx=9"],
])("what is packed by %s is read, and the scanner finds what is in it", async (...options) => {
  const bytes = await pack(...options);
  expect(await faultOf(bytes)).toBeUndefined();
  expect(await verdictOf(bytes)).toBe("infected");
});

test.each([
  ["-m0=BZip2"],
  ["-m0=Deflate"],
  ["-m0=Deflate64"],
  ["-m0=Delta:4", "-m1=LZMA2"],
  ["-m0=PPC", "-m1=LZMA2"],
  ["-m0=ARM64", "-m1=LZMA2"],
  ["-m0=BCJ2", "-m1=LZMA2"],
])("what is packed by %s isn't", async (...options) => {
  expect(await faultOf(await pack(...options))).toBe("SevenZip.Method");
});

test("a name that looks like a method is a name", async () => {
  const named = "e.txt\n\n--\nMethod = LZMA2";
  await writeFile(join(folder, named), "x");
  const bytes = await packFile(named, ["-m0=BZip2", "-spd"]);
  expect(await faultOf(bytes)).toBe("SevenZip.Method");
});

test("what isn't all there, or has something before or behind it", async () => {
  const bytes = await pack();
  expect(await faultOf(bytes.subarray(0, -1))).toBe("SevenZip.NotLookedAt");
  expect(await faultOf(Buffer.concat([bytes, Buffer.from("more")]))).toBe("SevenZip.AfterEnd");
  expect(await faultOf(Buffer.concat([Buffer.from("before"), bytes]))).toMatch(/^SevenZip\./);
});

test("one whose header is encrypted can't be read", async () => {
  expect(await faultOf(await pack("-psecret", "-mhe=on"))).toBe("SevenZip.NotLookedAt");
});
