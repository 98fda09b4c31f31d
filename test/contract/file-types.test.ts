import { describe, expect, test } from "vitest";
import { CLASS_LIMIT_BYTES, checkFile, extensionOf } from "#contract/file-types.ts";
import { normalizeFilename } from "#contract/names.ts";
import { TenantSettings } from "#contract/tenants.ts";

const accepted = (mimeType: string, fileClass: string) => ({ accepted: true, mimeType, fileClass });
const refused = (rule: string) => expect.objectContaining({ accepted: false, rule });

test.each([
  ["a.pdf", "application/pdf", accepted("application/pdf", "document")],
  ["a.pdf", "", accepted("application/pdf", "document")],
  ["a.PDF", "application/octet-stream", accepted("application/pdf", "document")],
  ["notes", "text/plain; charset=utf-8", accepted("text/plain", "document")],
  ["a.jpg", "IMAGE/JPEG", accepted("image/jpeg", "image")],
  ["a.mp4", "video/mp4", accepted("video/mp4", "video")],
  ["a.exe", "application/pdf", refused("extension-blocked")],
  ["a.pdf.EXE", "application/pdf", refused("extension-blocked")],
  ["a.exe.", "application/pdf", refused("extension-blocked")],
  ["a.exe. .", "application/pdf", refused("extension-blocked")],
  ["a.exe\u200b", "application/pdf", refused("extension-blocked")],
  ["a.exe:b.txt", "text/plain", refused("extension-blocked")],
  ["a.ｅｘｅ", "text/plain", refused("extension-blocked")],
  ["Meeting 10:30.pdf", "application/pdf", accepted("application/pdf", "document")],
  ["a.html", "text/html", refused("type-not-allowed")],
  ["a.bin", "application/x-msdownload", refused("type-not-allowed")],
  ["a", "", refused("type-unknown")],
  [".exe", "", refused("type-unknown")],
])("%s as %j", (filename, type, expected) => {
  expect(checkFile(filename, type, 1)).toEqual(expected);
});

test.each([
  ["a.pdf", "document", 100],
  ["a.png", "image", 50],
  ["a.mp4", "video", 500],
  ["a.mp3", "audio", 100],
  ["a.zip", "other", 50],
] as const)("%s may be as large as its class, %s", (filename, fileClass, mebibytes) => {
  const limit = mebibytes * 1024 * 1024;
  expect(CLASS_LIMIT_BYTES[fileClass]).toBe(limit);
  expect(checkFile(filename, "", limit).accepted).toBe(true);
  expect(checkFile(filename, "", limit + 1)).toEqual(refused("size"));
});

test("a dot-file has no extension", () => {
  expect(["a.TXT", ".bashrc", "a", "a.tar.gz"].map(extensionOf)).toEqual(["txt", "", "", "gz"]);
});

describe("a name that was made good is checked as it was declared, too", () => {
  test.each([
    ["a.exe_", "a.exe/", "exe"],
    ["a.exe_", "a.exe\\", "exe"],
    ["a.exe_b.txt", "a.exe:b.txt", "exe"],
    ["a.exe.txt", "a.exe\0.txt", "exe"],
    ["a.txt.com", "a.txt\n.com", "com"],
    ["a.exe", "a.e\u0001xe", "exe"],
    ["a.txt.bat", "a.txt\u2028.bat", "bat"],
    ["a.exe", "a.exe\u3164", "exe"],
    ["a.exe", "a.exe\ufe0f", "exe"],
    ["a.txt", "a.exe?", "exe"],
    ["a.exe", "a.exe.txt", "exe"],
  ])("%j, declared as %j", (filename, declaredName, ending) => {
    expect(checkFile("a.txt", "text/plain", 1, { declaredName: "a.txt" }).accepted).toBe(true);
    const detail = `Files ending in ".${ending}" are not accepted.`;
    const check = checkFile(filename, "text/plain", 1, { declaredName });
    expect(check).toEqual({ accepted: false, rule: "extension-blocked", detail });
  });

  test.each(["example.com/report.pdf", "https://example.com/report.pdf", "C:\\games.com\\report.pdf"])(
    "a folder called as a program is none: %j",
    (declaredName) => {
      const filename = normalizeFilename(declaredName) ?? "";
      expect(checkFile(filename, "", 1, { declaredName })).toEqual(accepted("application/pdf", "document"));
    },
  );
});

describe("what is otherwise for a tenant", () => {
  const step = { type: "model/step", fileClass: "document", extensions: ["stp", "step"] } as const;
  const html = { type: "text/html", fileClass: "document", extensions: ["html"] } as const;
  const program = { type: "application/x-thing", fileClass: "other", extensions: ["exe"] } as const;
  const logs = { type: "text/plain", fileClass: "other", extensions: ["journal"] } as const;

  test.each([
    ["a type of its own", { extraTypes: [step] }, "a.stp", "model/step", accepted("model/step", "document")],
    ["by its ending", { extraTypes: [step] }, "a.STEP", "", accepted("model/step", "document")],
    ["by another ending", { extraTypes: [step] }, "a.dwg", "", refused("type-unknown")],
    ["that isn't it", { extraTypes: [step] }, "a.stp", "model/stl", refused("type-not-allowed")],
    ["an active type", { extraTypes: [html] }, "a.html", "text/html", refused("type-not-allowed")],
    ["by its ending", { extraTypes: [html] }, "a.html", "", refused("type-unknown")],
    [
      "an ending of programs",
      { extraTypes: [program] },
      "a.exe",
      "application/x-thing",
      refused("extension-blocked"),
    ],
    [
      "a usual type in another class",
      { extraTypes: [logs] },
      "a.journal",
      "",
      accepted("text/plain", "other"),
    ],
    [
      "no zips",
      { refusedTypes: ["application/zip"] },
      "a.zip",
      "application/zip",
      refused("type-not-allowed"),
    ],
    [
      "no zips by their ending",
      { refusedTypes: ["application/zip"] },
      "a.zip",
      "",
      refused("type-not-allowed"),
    ],
    [
      "no zips, of a pdf",
      { refusedTypes: ["application/zip"] },
      "a.pdf",
      "",
      accepted("application/pdf", "document"),
    ],
    ["an ending", { blockedExtensions: ["docm"] }, "a.docm", "application/pdf", refused("extension-blocked")],
    [
      "an ending in disguise",
      { blockedExtensions: ["pdf"] },
      "a.ｐＤf. ",
      "text/plain",
      refused("extension-blocked"),
    ],
    [
      "an ending, of another",
      { blockedExtensions: ["docm"] },
      "a.pdf",
      "",
      accepted("application/pdf", "document"),
    ],
  ] as const)("%s", (_what, overrides, filename, type, expected) => {
    expect(checkFile(filename, type, 1, { overrides })).toEqual(expected);
  });

  test.each([
    ["document", { document: 10 }, 10],
    ["document", { image: 10 }, 100 * 1024 * 1024],
    ["document", { document: 200 * 1024 * 1024 }, 200 * 1024 * 1024],
    ["document", {}, 100 * 1024 * 1024],
  ] as const)("the limit of a %s with %j is %d", (_class, maxBytes, limitBytes) => {
    const overrides = { maxBytes };
    expect(checkFile("a.pdf", "", limitBytes, { overrides }).accepted).toBe(true);
    expect(checkFile("a.pdf", "", limitBytes + 1, { overrides })).toMatchObject({ rule: "size", limitBytes });
  });

  test.each([
    ["an active type", { extraTypes: [html] }],
    ["an ending of programs", { extraTypes: [program] }],
    ["a limit of nothing", { maxBytes: { image: 0 } }],
    ["an unknown class", { maxBytes: { text: 1 } }],
    ["an ending with its dot", { blockedExtensions: [".docm"] }],
    ["something else", { maxSize: 1 }],
  ])("%s can't be set", (_what, settings) => {
    expect(TenantSettings.safeParse({ extraTypes: [step], blockedExtensions: ["docm"] }).success).toBe(true);
    expect(TenantSettings.safeParse(settings).success).toBe(false);
  });
});
