import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { ToolStatus } from "../../processor/derive/tool-status.ts";
import { InstalledTools, TOOL_NAMES } from "../../processor/derive/tools.ts";

let directory: string;
let statusFile: string;
let tools: InstalledTools;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "causeway-tools-"));
  const made = directory;
  onTestFinished(() => rm(made, { recursive: true }));
  statusFile = join(directory, "status.json");
  tools = new InstalledTools({ path: directory, statusFile });
});

async function install(...programs: readonly string[]): Promise<void> {
  await Promise.all(programs.map((name) => writeFile(join(directory, name), "")));
}

async function tell(status: ToolStatus): Promise<void> {
  await writeFile(statusFile, JSON.stringify(status));
}

function stateOf(name: string) {
  return tools.states().find((each) => each.name === name);
}

test("this machine's programs are found, and told in order", () => {
  expect(new InstalledTools().states()).toEqual(
    TOOL_NAMES.map((name) => ({ name, state: "ok", detail: "" })),
  );
});

test("a tool is there when all of its programs are", async () => {
  await install("pdfinfo", "pdftoppm");
  expect(tools.stateOf("poppler")).toBe("missing");
  expect(stateOf("poppler")?.detail).toBe(
    "PDFs and Office documents have no thumbnails: there is no pdftotext.",
  );
  await install("pdftotext");
  expect(tools.stateOf("poppler")).toBe("ok");
});

test("what is being installed isn't there before that is over, though its program is", async () => {
  await tell({ installing: ["qpdf", "ffmpeg"], advice: "" });
  await install("qpdf");
  expect([tools.stateOf("qpdf"), tools.stateOf("ffmpeg")]).toEqual(["installing", "installing"]);
  expect(stateOf("qpdf")).toMatchObject({
    state: "installing",
    detail: expect.stringMatching(/until it is/),
  });
  await tell({ installing: [], advice: "Installing it failed." });
  expect(tools.stateOf("qpdf")).toBe("ok");
  expect(stateOf("ffmpeg")).toMatchObject({
    state: "missing",
    detail: "Videos and sounds have no pictures: there is no ffmpeg. Installing it failed.",
  });
});

test.each(["", "{", '{"installing":["another"],"advice":""}'])("a status %j tells nothing", async (text) => {
  await writeFile(statusFile, text);
  expect(tools.stateOf("qpdf")).toBe("missing");
});
