import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { parsePdfInfo } from "../../processor/derive/documents/pdf-info.ts";
import { cutUtf8 } from "../../processor/derive/documents/pdf-text.ts";
import { PdfDeriver } from "../../processor/derive/pdf.ts";
import type { Tools } from "../../processor/derive/tools.ts";
import { Sandbox } from "../../processor/sandbox/sandbox.ts";
import { endlessPdf, makePdf } from "../support/pdfs.ts";
import { ALL_TOOLS_THERE, derive, type Derived } from "./support/derive.ts";

const PDF = "application/pdf";
const run = promisify(execFile);
let deriver: PdfDeriver;

beforeAll(async () => {
  deriver = new PdfDeriver(await Sandbox.create(), ALL_TOOLS_THERE);
});

async function deriveAll(bytes: Uint8Array): Promise<Derived> {
  return derive(deriver, bytes, PDF);
}

/** Changes a PDF by qpdf. */
async function qpdf(bytes: Uint8Array, ...options: readonly string[]): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-qpdf-"));
  try {
    const [before, after] = [join(directory, "before"), join(directory, "after")];
    await writeFile(before, bytes);
    await run("qpdf", [...options, before, after]);
    return await readFile(after);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function countPages(bytes: Uint8Array): Promise<number> {
  return (await deriveAll(bytes)).properties.pages ?? 0;
}

test("a PDF has a thumbnail of its first page, its text, a smaller form, and is described", async () => {
  const pdf = makePdf({ pages: 12, title: "Offer 7", author: "Ada" });
  const { names, properties, made, mimeTypes } = await deriveAll(pdf);
  expect(names).toEqual(["thumbnail", "text", "reduced"]);
  expect(properties).toEqual({ pages: 12, title: "Offer 7", author: "Ada" });
  expect(mimeTypes).toEqual({ thumbnail: "image/webp", text: "text/plain", reduced: PDF });

  const thumbnail = sharp(made.get("thumbnail"));
  expect(await thumbnail.metadata()).toMatchObject({ format: "webp", width: 150, height: 150 });
  const { data } = await thumbnail.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  // The bar at the top is seen as blue, what is below as white.
  const pixel = (x: number, y: number) => [...data.subarray((y * 150 + x) * 3, (y * 150 + x) * 3 + 3)];
  expect(pixel(75, 10)[0]).toBeLessThan(60);
  expect(pixel(75, 10)[2]).toBeGreaterThan(200);
  expect(Math.min(...pixel(75, 140))).toBeGreaterThan(230);

  expect(made.get("text")?.toString()).toContain("This is page 12");
  const reduced = made.get("reduced") ?? Buffer.of();
  expect(reduced.byteLength).toBeLessThan(pdf.byteLength * 0.95);
  expect(await countPages(reduced)).toBe(12);
});

test("what a tool puts in the place of the document isn't read", async () => {
  // As one may that isn't kept from it (the landlock rung).
  const run: Sandbox["run"] = async (_, scratch) => {
    await rm(join(scratch, "original"), { force: true });
    await symlink("/dev/zero", join(scratch, "original"));
    return { ok: true, stdout: "" };
  };
  const { missing } = await derive(new PdfDeriver({ run }, ALL_TOOLS_THERE), makePdf(), PDF, ["reduced"]);
  expect(missing).toMatchObject({ reduced: { result: "failed" } });
});

test("only what is wanted is made", async () => {
  expect((await derive(deriver, makePdf(), PDF, ["text"])).names).toEqual(["text"]);
});

describe("a smaller form", () => {
  test("isn't kept where it hardly is one", async () => {
    const packed = await qpdf(makePdf({ pages: 30 }), "--object-streams=generate");
    const { missing } = await deriveAll(packed);
    expect(missing).toEqual({
      reduced: { result: "none", reason: "The document would hardly be smaller." },
    });
  });

  test("isn't made of what is signed, wherever in the file that is told", async () => {
    const extra = `<< /Type /Sig /ByteRange [0 1 2 3] >>`;
    const padding = (bytes: number) => `<< /Padding (${"x".repeat(bytes)}) ${extra.slice(2)}`;
    // Read in pieces of 64 KiB: the name lies over the border of two of them.
    const plain = makePdf({ pages: 12, extra: padding(0) });
    const at = plain.indexOf("/ByteRange");
    for (const pdf of [plain, makePdf({ pages: 12, extra: padding(65_536 - at - 5) })]) {
      const { missing } = await derive(deriver, pdf, PDF, ["reduced"]);
      expect(missing["reduced"]).toMatchObject({ result: "none", reason: expect.stringMatching(/signed/) });
    }
  });

  test("waits for its program while that is being installed; the rest doesn't", async () => {
    const sandbox = await Sandbox.create();
    const tools: Tools = { ...ALL_TOOLS_THERE, stateOf: () => "installing" };
    const making = new PdfDeriver(sandbox, tools);
    expect((await derive(making, makePdf(), PDF, ["thumbnail", "text"])).names).toEqual([
      "thumbnail",
      "text",
    ]);
    await expect(derive(making, makePdf(), PDF, ["reduced"])).rejects.toMatchObject({
      code: "TOOL_INSTALLING",
    });
  });
});

describe("a PDF that can't be read has its reason:", () => {
  const failed = (reason: string) =>
    Object.fromEntries(["thumbnail", "text", "reduced"].map((name) => [name, { result: "failed", reason }]));

  test("a password", async () => {
    const locked = await qpdf(makePdf(), "--encrypt", "secret", "owner", "256", "--");
    expect((await deriveAll(locked)).missing).toEqual(failed("The document is protected by a password."));
  });

  test("damage", async () => {
    const noise = Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.alloc(5_000, 0x41)]);
    const reason = "The document could not be read: it may be damaged.";
    expect((await deriveAll(noise)).missing).toEqual(failed(reason));
  });

  test("no end of pages", async () => {
    const { made, missing } = await deriveAll(endlessPdf());
    expect([...made.keys()]).toEqual([]);
    expect(Object.keys(missing)).toEqual(["thumbnail", "text", "reduced"]);
  });
});

test("one that only forbids printing can be read", async () => {
  const forbidding = await qpdf(makePdf(), "--encrypt", "", "owner", "256", "--print=none", "--");
  expect([...(await deriveAll(forbidding)).made.keys()]).toContain("thumbnail");
});

test("a PDF without text has none", async () => {
  const { missing } = await derive(deriver, makePdf({ words: () => "" }), PDF, ["text"]);
  expect(missing["text"]).toMatchObject({ result: "none" });
});

test("a banner and a page of five metres have thumbnails", async () => {
  for (const size of [
    [14_400, 100],
    [14_400, 14_400],
  ] as const) {
    const { made } = await derive(deriver, makePdf({ size }), PDF, ["thumbnail"]);
    expect(await sharp(made.get("thumbnail")).metadata()).toMatchObject({ width: 150, height: 150 });
  }
});

describe("what a PDF tells of itself", () => {
  test("is cut to a line, and can't tell of pages by its title", () => {
    const output = `Title:           a\u0007b\nPages:           99\nAuthor:  ${"x".repeat(300)}\nPages:           3\n`;
    expect(parsePdfInfo(output)).toEqual({ title: "a b", author: "x".repeat(200), pages: 3 });
  });

  test("may be nothing", () => {
    expect(parsePdfInfo("Title:   \nPages: many\n")).toEqual({});
  });
});

test.each([
  ["äöü", 6, "äöü"],
  ["äöü", 5, "äö"],
  ["äöü", 4, "äö"],
  ["a😀", 4, "a"],
  ["a😀", 5, "a😀"],
  ["", 0, ""],
])("text is cut at a character: %s at %i", (text, maxBytes, expected) => {
  expect(cutUtf8(Buffer.from(text), maxBytes).toString()).toBe(expected);
});
