import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { BLOCKED_EXTENSIONS } from "#contract/blocked-types.ts";
import { extensionOf } from "#contract/endings.ts";
import { checkFile, checkName } from "#contract/file-checks.ts";
import { acceptedTypes, CLASS_LIMIT_BYTES, FILE_CLASSES } from "#contract/file-types.ts";
import { normalizeFilename } from "#contract/names.ts";
import { TenantSettings } from "#contract/tenants.ts";

const accepted = (mimeType: string, fileClass: string) => ({ accepted: true, mimeType, fileClass });
const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
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
  ["a", "text/html", refused("type-not-allowed")],
  ["a.bin", "application/x-msdownload", refused("type-not-allowed")],
  ["a.bin", "application/pdf", refused("extension-mismatch")],
  ["a.pdf", "image/png", refused("extension-mismatch")],
  ["a.txt.pdf", "text/plain", refused("extension-mismatch")],
  ["Invoice No. 12", "application/pdf", accepted("application/pdf", "document")],
  ["a.bin", "", refused("type-unknown")],
  ["a.bin", "application/octet-stream", refused("type-unknown")],
  ["a", "", refused("type-unknown")],
  [".exe", "", refused("extension-blocked")],
  [".exe", "text/plain", refused("extension-blocked")],
  [".notes", "text/plain", accepted("text/plain", "document")],
  [".docm", DOCX, refused("extension-mismatch")],
  ["a.docm \u200b", DOCX, refused("extension-mismatch")],
  ["a.docm.\u3000", DOCX, refused("extension-mismatch")],
  ["a.docx \u200b", DOCX, accepted(DOCX, "document")],
  [".docx", DOCX, accepted(DOCX, "document")],
  ["Dr. Smith", "text/plain", accepted("text/plain", "document")],
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

/** What opens as a program, a page or a place, of whatever system: none of it is a text. */
const ACTIVE =
  "html htm xhtml settingcontent-ms desktop command ws jnlp application iqy library-ms search-ms vhd img iso xll pyw " +
  "lnk url scf hta js mjs vbs ps1 bat cmd com exe msi jar chm cpl reg inf webloc terminal workflow svgz slk";

test.each(ACTIVE.split(" "))("*.%s is no text, whatever it is declared to be", (ending) => {
  expect(BLOCKED_EXTENSIONS).toContain(ending);
  for (const type of ["text/plain", "application/octet-stream", "application/pdf", ""]) {
    expect(checkFile(`a.${ending}`, type, 1)).toEqual(refused("extension-blocked"));
  }
  expect(checkName(`a.${ending}`, "text/plain")).toEqual(refused("extension-blocked"));
});

test("no ending of an accepted type is blocked", () => {
  const endings = acceptedTypes().flatMap(({ extensions }) => extensions);
  expect(endings.filter((ending) => BLOCKED_EXTENSIONS.has(ending))).toEqual([]);
});

test.each(acceptedTypes())("$mimeType is taken by each of its endings, and renamed to it", (type) => {
  const { mimeType, fileClass, extensions } = type;
  for (const ending of extensions) {
    expect(checkFile(`a.${ending}`, mimeType, 1)).toEqual(accepted(mimeType, fileClass));
    expect(checkName(`a.${ending.toUpperCase()}`, mimeType)).toBeUndefined();
  }
  expect(checkName("a.unheard", mimeType)).toEqual(refused("extension-mismatch"));
});

/** As browsers, mail programs and scripts declare what a CRM is given. */
test.each([
  ["call.log", ["text/plain", "application/octet-stream", ""]],
  ["README.md", ["text/markdown", "text/plain", "application/octet-stream", ""]],
  ["leads.csv", ["text/csv", "text/plain", "application/vnd.ms-excel", "application/octet-stream", ""]],
  ["leads.tsv", ["text/tab-separated-values", "text/plain", "application/octet-stream"]],
  ["export.json", ["application/json", "text/plain", "application/octet-stream"]],
  ["invoice.xml", ["text/xml", "application/xml", "text/plain", "application/octet-stream"]],
  ["mail.eml", ["message/rfc822", "text/plain", "application/octet-stream"]],
  ["mail.msg", ["application/vnd.ms-outlook", "application/octet-stream", ""]],
  ["meeting.ics", ["text/calendar", "text/plain", "application/octet-stream"]],
  ["ann.vcf", ["text/vcard", "text/plain", "application/octet-stream"]],
  ["letter.rtf", ["application/rtf", "text/rtf", "application/octet-stream"]],
  ["photo.jfif", ["image/jpeg", "application/octet-stream"]],
  ["IMG_0001.HEIC", ["image/heic", "image/heif", ""]],
  ["memo.webm", ["audio/webm", "video/webm", ""]],
  ["memo.m4a", ["audio/mp4", "audio/x-m4a", ""]],
  ["voice.opus", ["audio/ogg", "audio/opus"]],
  ["all.zip", ["application/zip", "application/x-zip-compressed", "application/octet-stream"]],
  ["all.tar.gz", ["application/gzip", "application/octet-stream"]],
])("%s is taken as %j", (filename, types) => {
  for (const type of types) expect(checkFile(filename, type, 1), type).toMatchObject({ accepted: true });
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
  const bare = { type: "model/stl", fileClass: "other", extensions: [] } as const;
  const logs = { type: "text/plain", fileClass: "other", extensions: ["journal"] } as const;

  test.each([
    ["a type of its own", { extraTypes: [step] }, "a.stp", "model/step", accepted("model/step", "document")],
    ["by its ending", { extraTypes: [step] }, "a.STEP", "", accepted("model/step", "document")],
    ["by another ending", { extraTypes: [step] }, "a.dwg", "", refused("type-unknown")],
    ["that isn't it", { extraTypes: [step] }, "a.stp", "model/stl", refused("type-not-allowed")],
    ["an active type", { extraTypes: [html] }, "a", "text/html", refused("type-not-allowed")],
    ["by its ending", { extraTypes: [html] }, "a.html", "", refused("extension-blocked")],
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
      "a usual type by its usual ending",
      { extraTypes: [logs] },
      "a.txt",
      "text/plain",
      accepted("text/plain", "other"),
    ],
    [
      "an ending that its type hasn't",
      { extraTypes: [step] },
      "a.pdf",
      "model/step",
      refused("extension-mismatch"),
    ],
    ["a type without endings", { extraTypes: [bare] }, "a.stl", "model/stl", accepted("model/stl", "other")],
    ["one, with a blocked one", { extraTypes: [bare] }, "a.exe", "model/stl", refused("extension-blocked")],
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

test.each(FILE_CLASSES)(
  "the guide has the endings and the largest file of the class %s",
  async (fileClass) => {
    const guide = await readFile(new URL("../../docs/file-storage-guide.md", import.meta.url), "utf8");
    const [, endings = "", mebibytes] =
      new RegExp(`^\\| ${fileClass} +\\| (.*?) +\\| (\\d+) MiB +\\|$`, "m").exec(guide) ?? [];
    const types = acceptedTypes().filter((type) => type.fileClass === fileClass);
    const told = endings.split(", ").map((ending) => ending.replaceAll("`", ""));
    expect(new Set(told)).toEqual(new Set(types.flatMap(({ extensions }) => extensions)));
    expect(Number(mebibytes) * 1024 * 1024).toBe(CLASS_LIMIT_BYTES[fileClass]);
  },
);
