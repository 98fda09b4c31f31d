import { expect, test } from "vitest";
import { checkFile } from "#contract/file-checks.ts";
import { refusalOf } from "../../../client/core/rules.ts";
import { uploadRules } from "../../../worker/services/upload-rules.ts";

const SETTINGS = {
  blockedExtensions: ["csv"],
  refusedTypes: ["image/gif"],
  extraTypes: [{ type: "application/x-plan", fileClass: "other" as const, extensions: ["plan"] }],
  maxBytes: { image: 1000 },
};

const NAMES = [
  "a.pdf",
  "a.PDF",
  "a",
  ".gitignore",
  "a.pdf.exe",
  "a.exe ",
  "a.csv",
  "a.gif",
  "a.png",
  "a.plan",
  "a.docm",
  "a. b",
  "a.txt",
];
const TYPES = ["", "application/octet-stream", "application/pdf", "text/plain; charset=utf-8", "image/gif"];
TYPES.push("image/png", "application/x-plan", "application/x-nothing");

test("a page refuses nothing that the server takes, by the server's own rules", () => {
  const base = { maxUploadBytes: 2 ** 40, maxAppendBytes: null, availableBytes: 2 ** 40, grant: undefined };
  const rules = uploadRules({ ...base, settings: SETTINGS });
  const cases = NAMES.flatMap((name) =>
    TYPES.flatMap((type) => [1, 2000].map((size) => ({ name, type, size }))),
  );
  const differing = cases.filter((file) => {
    const server = checkFile(file.name, file.type, file.size, { overrides: SETTINGS });
    return refusalOf(rules, file) !== undefined && server.accepted;
  });
  expect(differing).toEqual([]);
  const missed = cases.filter((file) => {
    const server = checkFile(file.name, file.type, file.size, { overrides: SETTINGS });
    return refusalOf(rules, file) === undefined && !server.accepted;
  });
  // What only the server looks for: how a name ends once what isn't seen is gone from it.
  expect(missed.map(({ name }) => name).filter((name) => name !== "a. b" && name !== ".gitignore")).toEqual(
    [],
  );
});
