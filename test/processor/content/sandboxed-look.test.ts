import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LOOK_LIMITS, lookInSandbox } from "../../../processor/content/sandboxed-look.ts";
import { Sandbox, type SandboxResult } from "../../../processor/sandbox/sandbox.ts";
import type { ScratchCopy } from "../../../processor/scratch-copy.ts";
import { docx } from "../../support/documents.ts";
import { never } from "../support/pipeline.ts";

let copy: ScratchCopy;
let sandbox: Sandbox;

beforeAll(async () => {
  const scratch = await mkdtemp(join(tmpdir(), "causeway-look-"));
  copy = { scratch, path: join(scratch, "original") };
  await writeFile(copy.path, docx({ "word/vbaProject.bin": "x" }));
  sandbox = await Sandbox.create();
});

afterAll(() => rm(copy.scratch, { recursive: true }));

const NOTHING_TOLD = { active: [], isComplete: false };

test("a file is looked into in a process of its own, which its time and memory end", async () => {
  const found = await lookInSandbox("zip", copy, sandbox, never);
  expect(found).toMatchObject({ active: ["macros"], isComplete: true });
  const late = { ...LOOK_LIMITS, timeMs: 1 };
  expect(await lookInSandbox("zip", copy, sandbox, never, late)).toEqual(NOTHING_TOLD);
  const narrow = { ...LOOK_LIMITS, memoryBytes: 2 ** 20 };
  expect(await lookInSandbox("zip", copy, sandbox, never, narrow)).toEqual(NOTHING_TOLD);
});

test.each([
  ["nothing", ""],
  ["no findings", "{}"],
  ["findings that there are none of", '{"active":["harmless"],"isComplete":true}'],
])("a process that says %s has not looked", async (_what, stdout) => {
  const run = async (): Promise<SandboxResult> => ({ ok: true, stdout });
  expect(await lookInSandbox("zip", copy, { run, mayRun: true }, never)).toEqual(NOTHING_TOLD);
});

test("what a file says that it is, is a type or nothing", async () => {
  const stdout = JSON.stringify({ type: "x".repeat(300), active: [], isComplete: true });
  const run = async (): Promise<SandboxResult> => ({ ok: true, stdout });
  const found = await lookInSandbox("zip", copy, { run, mayRun: true }, never);
  expect(found).toEqual({ type: undefined, active: [], isComplete: true });
});
