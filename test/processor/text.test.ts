import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { DERIVATIVE_FORMS } from "#contract/derivatives.ts";
import { TextDeriver } from "../../processor/derive/text.ts";
import type { Tools } from "../../processor/derive/tools.ts";
import { Sandbox } from "../../processor/sandbox/sandbox.ts";
import { ALL_TOOLS_THERE, derive, type Derived } from "./support/derive.ts";

let sandbox: Sandbox;
let deriver: TextDeriver;

beforeAll(async () => {
  sandbox = await Sandbox.create();
  deriver = new TextDeriver(sandbox, ALL_TOOLS_THERE);
});

async function deriveAs(bytes: Uint8Array | string, type = "text/plain"): Promise<Derived> {
  return derive(deriver, Buffer.from(bytes), type, ["preview"]);
}

/** What is in the page's body. */
async function showAs(bytes: Uint8Array | string, type?: string): Promise<string> {
  const page = (await deriveAs(bytes, type)).made.get("preview")?.toString() ?? "";
  return /<body>([^]*)<\/body>/.exec(page)?.[1] ?? page;
}

const CUT = "Only the beginning of the file is shown.";

test("a text has a page, a thumbnail that shows it, and is described", async () => {
  const { names, properties, made, mimeTypes } = await derive(
    deriver,
    Buffer.from("Dear Ada,\nthis is a letter.\n\nYours\n"),
    "text/plain",
  );
  expect(names).toEqual(["preview", "thumbnail"]);
  expect(properties).toEqual({ encoding: "utf-8", lines: 4 });
  expect(mimeTypes).toEqual({ preview: "text/html", thumbnail: "image/webp" });
  const page = made.get("preview")?.toString() ?? "";
  expect(page).toMatch(/^<!doctype html>\n<html><head><meta charset="utf-8">/);
  expect(page).toContain("Dear Ada,\nthis is a letter.\n\nYours\n</pre>");
  expect(page).not.toContain(CUT);
  const { channels } = await sharp(made.get("thumbnail")).stats();
  // Dark letters on white.
  expect(channels[0]?.max).toBe(255);
  expect(channels[0]?.min).toBeLessThan(130);
  expect(channels[0]?.mean).toBeGreaterThan(200);
});

test("nothing of a file becomes markup, in text, tables and drawings", async () => {
  const evil = `<script>alert(1)</script>&amp;</pre></td><img src=x onerror=alert(1)>]]>\u0000\u0001\u202e`;
  const clean = evil.replace("\u0000", "");
  for (const type of [
    "text/plain",
    "text/csv",
    "text/markdown",
    "application/xml",
    "text/tab-separated-values",
  ]) {
    const shown = await showAs(`${clean}${"a".repeat(200)}`, type);
    expect(shown).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp");
    expect(shown.match(/<[a-z][^>]*>/g)?.filter((tag) => !/^<(pre|table|tbody|tr|td)\b/.test(tag))).toEqual(
      [],
    );
  }
  const { made } = await derive(deriver, Buffer.from(`${clean}${"a".repeat(200)}`), "text/plain", [
    "thumbnail",
  ]);
  expect(made.has("thumbnail")).toBe(true);
});

describe("the encoding is found:", () => {
  const german = "Sehr geehrte Frau Müller, über die Straße fährt Jörg.\n";
  const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();
  test.each<[string, Uint8Array, string, string]>([
    ["UTF-8", Buffer.from(german), "utf-8", "Müller"],
    ["UTF-8 with a mark", Buffer.from(`\ufeff${german}`), "utf-8", '<pre dir="auto">\nSehr'],
    ["UTF-16 with a mark", Buffer.from(`\ufeff${german}`, "utf16le"), "utf-16le", "Müller"],
    ["UTF-16, big end first", utf16be(`\ufeff${german}`), "utf-16be", "Müller"],
    ["UTF-16 without a mark", Buffer.from(german, "utf16le"), "utf-16le", "Müller"],
    ["UTF-16 without a mark, big end first", utf16be(german), "utf-16be", "Müller"],
    ["windows-1252", Buffer.from(`${german}Preis: \u0080 5`, "latin1"), "windows-1252", "Preis: € 5"],
    ["a word in windows-1252", Buffer.from("Été à la plage, où êtes-vous?", "latin1"), "windows-1252", "Été"],
    [
      "windows-1251",
      Buffer.from("cff0e8e2e5f22c20eae0ea20e4e5ebe03f20d5eef0eef8ee2c20f1efe0f1e8e1ee2e", "hex"),
      "windows-1251",
      "Привет",
    ],
    [
      "Shift_JIS",
      Buffer.from("82b182f182c982bf82cd90a28a4581498da193fa82cd97c782a293568b43", "hex"),
      "shift_jis",
      "こんにちは",
    ],
  ])("%s", async (_what, bytes, encoding, shown) => {
    expect((await deriveAs(bytes)).properties.encoding).toBe(encoding);
    expect(await showAs(bytes)).toContain(shown);
  });

  test("UTF-8 is so to its end, or it isn't", async () => {
    const long = Buffer.concat([Buffer.from("a".repeat(100_000)), Buffer.of(0xfc)]);
    expect((await deriveAs(long)).properties.encoding).toBe("windows-1252");
  });
});

test.each([
  ["", 0],
  ["a", 1],
  ["a\n", 1],
  ["a\r\nb", 2],
  ["a\rb\r", 2],
  ["\n\n", 2],
  // The pair lies over the border of two pieces.
  [`${"a".repeat(65_535)}\r\nb`, 2],
  [`${"a".repeat(65_536)}\nb`, 2],
])("lines are counted as people do (%#)", async (text, lines) => {
  expect((await deriveAs(text)).properties.lines).toBe(lines);
});

test("what isn't text says so", async () => {
  const { missing } = await derive(
    deriver,
    Buffer.from("\u0000\u0001\u0002\u0000hello".repeat(9)),
    "text/plain",
  );
  const failed = { result: "failed", reason: "The file isn't text." };
  expect(missing).toEqual({ preview: failed, thumbnail: failed });
  expect((await deriveAs(`${"a".repeat(500)}\u0000`)).missing).toEqual({ preview: failed });
});

describe("a long text is cut, and that is said:", () => {
  test("by bytes, at a character", async () => {
    const shown = await showAs("ä".repeat(32 * 1024 + 1));
    expect(shown).toBe(`<pre dir="auto">\n${"ä".repeat(32 * 1024)}</pre>\n<p>${CUT}</p>`);
    expect(await showAs("ä".repeat(32 * 1024))).not.toContain(CUT);
    expect(await showAs(`a${"ä".repeat(32 * 1024)}`)).not.toContain("\ufffd");
  });

  test("by lines", async () => {
    const lines = (count: number) => Array.from({ length: count }, (_, line) => `l${line}`).join("\n");
    expect(await showAs(lines(2_000))).not.toContain(CUT);
    const shown = await showAs(lines(2_001));
    expect(shown).toContain("l1999</pre>");
    expect(shown).toContain(CUT);
  });

  test("and is a small page whatever has to be escaped", async () => {
    const { made } = await deriveAs("&".repeat(200_000));
    const maxBytes = DERIVATIVE_FORMS.preview.find(({ extension }) => extension === "html")?.maxBytes ?? 0;
    expect(made.get("preview")?.byteLength).toBeLessThan(maxBytes);
    const cells = await deriveAs(`${"&,".repeat(49)}&\n`.repeat(2_000), "text/csv");
    expect(cells.made.get("preview")?.byteLength).toBeLessThan(maxBytes);
  });
});

describe("separated values are a table", () => {
  test.each([
    ["text/csv", 'a,"b, c"\n1,"2\n3"\n'],
    ["text/csv", 'a;"b, c"\r\n1;"2\n3"\r\n'],
    ["text/csv", 'sep=|\r\na|"b, c"\r\n1|"2\n3"\r\n'],
    ["text/tab-separated-values", 'a\tb, c\n1\t"2\n3"\n'],
  ])("%s (%#)", async (type, text) => {
    const cell = (value: string) => `<td dir="auto">${value}</td>`;
    expect(await showAs(text, type)).toBe(
      `<table><tbody>\n<tr>${cell("a")}${cell("b, c")}</tr>\n<tr>${cell("1")}${cell("2\n3")}</tr>\n</tbody></table>`,
    );
  });

  test("of 200 rows and 50 columns, and says if there is more", async () => {
    const rows = (count: number, columns: number) => `${"x,".repeat(columns - 1)}x\n`.repeat(count);
    const count = (shown: string, tag: string) => shown.split(`<${tag}`).length - 1;
    const full = await showAs(rows(200, 50), "text/csv");
    expect([count(full, "tr>"), count(full, "td "), full.includes(CUT)]).toEqual([200, 10_000, false]);
    const more = await showAs(rows(201, 51), "text/csv");
    expect([count(more, "tr>"), count(more, "td "), more.includes(CUT)]).toEqual([200, 10_000, true]);
  });

  test("without a row that is cut in the middle", async () => {
    const shown = await showAs(`${"0123456789".repeat(100)},end\n`.repeat(70), "text/csv");
    const rows = shown.match(/<tr>.*<\/tr>/g) ?? [];
    expect(rows.length).toBe(65);
    expect(rows.every((row) => row.endsWith('<td dir="auto">end</td></tr>'))).toBe(true);
    expect(shown).toContain(CUT);
  });

  test("or shown as they are if they are none", async () => {
    expect(await showAs('a,"b\nc', "text/csv")).toContain("<pre");
  });
});

test("without fonts there is no thumbnail, or not yet; there is a page", async () => {
  const withFonts = (state: "missing" | "installing"): Tools => ({
    ...ALL_TOOLS_THERE,
    stateOf: () => state,
  });
  const without = await derive(
    new TextDeriver(sandbox, withFonts("missing")),
    Buffer.from("a"),
    "text/plain",
  );
  expect(without.made.has("preview")).toBe(true);
  expect(without.missing["thumbnail"]).toMatchObject({
    result: "failed",
    reason: expect.stringMatching(/fonts/),
  });
  const waiting = derive(new TextDeriver(sandbox, withFonts("installing")), Buffer.from("a"), "text/plain");
  await expect(waiting).rejects.toMatchObject({ code: "TOOL_INSTALLING" });
});
