import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { InstalledTools } from "../../processor/derive/tools.ts";
import type { PreviewSystem, PreviewTools } from "../../scripts/dev/preview-tools.ts";
import { preparePreviewTools } from "../../scripts/dev/preview-tools.ts";
import { PREVIEW_PROGRAMS } from "../../scripts/preview-programs.mjs";

let stateDirectory: string;
let lines: string[];

beforeEach(async () => {
  stateDirectory = await mkdtemp(join(tmpdir(), "causeway-preview-tools-"));
  lines = [];
  const made = stateDirectory;
  onTestFinished(() => rm(made, { recursive: true }));
});

function prepare(changes: Partial<PreviewSystem> = {}): PreviewTools {
  const system: PreviewSystem = {
    canInstall: () => true,
    missing: () => PREVIEW_PROGRAMS.filter(({ tool }) => ["qpdf", "heif"].includes(tool)),
    installPackages: async () => {},
    ...changes,
  };
  return preparePreviewTools({ stateDirectory, onLog: (text) => lines.push(text), system });
}

async function statusOf({ statusFile }: PreviewTools): Promise<unknown> {
  return JSON.parse(await readFile(statusFile, "utf8"));
}

test("what is missing is told as being installed before anything is, and done one after the other", async () => {
  const seen: unknown[] = [];
  const tools = prepare({
    installPackages: async (packages) => {
      seen.push([packages, await statusOf(tools)]);
    },
  });
  expect(await statusOf(tools)).toEqual({ installing: ["qpdf", "heif"], advice: "" });
  expect(new InstalledTools({ statusFile: tools.statusFile }).stateOf("heif")).toBe("installing");
  expect(tools.notice).toMatch(/in the background: qpdf, heif-dec\.$/);
  await tools.install();
  expect(seen).toEqual([
    [["qpdf"], { installing: ["qpdf", "heif"], advice: "" }],
    [
      ["libheif-examples", "libheif-plugin-libde265", "libheif-plugin-dav1d"],
      { installing: ["heif"], advice: "" },
    ],
  ]);
  expect(await statusOf(tools)).toEqual({ installing: [], advice: "" });
  expect(lines).toEqual([
    "installing qpdf: qpdf",
    "qpdf is installed",
    "installing heif: libheif-examples libheif-plugin-libde265 libheif-plugin-dav1d",
    "heif is installed",
  ]);
});

test("what can't be installed is told, and the others are installed all the same", async () => {
  const tools = prepare({
    installPackages: async ([name]) => {
      if (name === "qpdf") throw new Error("no network");
    },
  });
  await tools.install();
  const advice = "Installing it failed; that is tried again at the next start.";
  expect(await statusOf(tools)).toEqual({ installing: [], advice });
  expect(lines).toContain("qpdf isn't installed: no network");
  expect(lines).toContain("heif is installed");
});

test("where it can't be installed by us a line says what to do", async () => {
  const tools = prepare({ canInstall: () => false, installPackages: () => Promise.reject(new Error("no")) });
  expect(tools.notice).toMatch(/^Some previews can't be made\. Please install qpdf, heif-dec: Debian.*macOS/);
  expect(tools.notice).not.toContain("\n");
  const advice = "Install it where files are processed.";
  expect(await statusOf(tools)).toEqual({ installing: [], advice });
  await tools.install();
  expect(lines).toEqual([]);
});

test("where all of it is there nothing is said or done", async () => {
  const tools = prepare({ missing: () => [] });
  expect(tools.notice).toBeUndefined();
  await tools.install();
  expect(lines).toEqual([]);
  expect(await statusOf(tools)).toEqual({ installing: [], advice: "" });
});

test("after a stop nothing is begun", async () => {
  const begun: string[] = [];
  const tools = prepare({
    installPackages: async ([name = ""], signal) => {
      begun.push(name);
      tools.stop();
      signal.throwIfAborted();
    },
  });
  await tools.install();
  expect(begun).toEqual(["qpdf"]);
});
