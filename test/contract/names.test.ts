import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldName, MAX_NAME_BYTES, normalizeFilename } from "#contract/names.ts";
import { runs } from "../support/runs.ts";

const FAMILY = "👩‍👩‍👧‍👦";

function bytesOf(text: string | undefined): number {
  return Buffer.byteLength(text ?? "");
}

describe("names that can be made good are", () => {
  test.each([
    ["as it is", "Offer 2026.pdf", "Offer 2026.pdf"],
    ["of another script", "Größe 文件 😀.txt", "Größe 文件 😀.txt"],
    ["composed", "U\u0308bersicht.txt", "Übersicht.txt"],
    ["composed where something stood between", "a\u0000\u0311.txt", "ȃ.txt"],
    ["with a NUL", "a\0.txt", "a.txt"],
    ["with a line break", "a\r\nb.txt", "ab.txt"],
    ["with a delete", "a\x7f.txt", "a.txt"],
    ["with a control of Latin-1", "a\x85.txt", "a.txt"],
    ["with a line separator", "a\u2028b\u2029.txt", "ab.txt"],
    ["that reads backwards", "a\u202egpj.txt", "agpj.txt"],
    ["in an isolate", "\u2067a\u2069.txt", "a.txt"],
    ["with marks of direction", "\u200ea\u200f\u061c.txt", "a.txt"],
    ["with a byte order mark", "\ufeffa.txt", "a.txt"],
    ["with half a character", "a\ud83d.txt", "a.txt"],
    ["a path", "../../etc/passwd", "_.._etc_passwd"],
    ["a path of Windows", "C:\\Users\\ann\\a.txt", "C__Users_ann_a.txt"],
    ["with a stream", "a.txt:b.txt", "a.txt_b.txt"],
    ["of patterns", 'a*b?c"d<e>f|g.txt', "a_b_c_d_e_f_g.txt"],
    ["with white space around it", " \t a.txt \u00a0", "a.txt"],
    ["with white space in it", "a \u00a0\u2003 b.txt", "a b.txt"],
    ["with dots at its end", "a.txt. . .", "a.txt"],
    ["with dots in front", "..a.txt", "a.txt"],
    ["with dots and spaces in front", ".. . .a.txt", ".a.txt"],
    ["hidden", ".gitignore", ".gitignore"],
    ["of underscores", "__", "__"],
    ["of a symbol", "€", "€"],
    ["a device", "con", "_con"],
    ["a device with an ending", "Lpt1.txt", "_Lpt1.txt"],
    ["a device with a space", "aux .txt", "_aux .txt"],
    ["a device by a small digit", "COM².txt", "_COM².txt"],
    ["longer than a device", "console.txt", "console.txt"],
    ["with a device behind it", "a.con", "a.con"],
  ])("%s", (_what, declared, expected) => {
    expect(normalizeFilename(declared)).toBe(expected);
  });
});

test.each([
  "",
  " ",
  ".",
  "..",
  "...",
  ". . .",
  "/",
  "../..",
  '\\:*?"<>|',
  "\0\r\n",
  "\u202e",
  "\u200b",
  "\u200d. ",
  "\ud83d",
])("nothing is left of %j", (declared) => expect(normalizeFilename(declared)).toBeUndefined());

describe("names of 255 bytes stay, and longer ones lose the end of their stem", () => {
  test.each([
    ["250 and an ending", `${"a".repeat(250)}.text`, `${"a".repeat(250)}.text`],
    ["251 and an ending", `${"a".repeat(251)}.text`, `${"a".repeat(250)}.text`],
    ["no ending", "a".repeat(256), "a".repeat(255)],
    ["two bytes a letter", `${"ä".repeat(126)}.txt`, `${"ä".repeat(125)}.txt`],
    ["four bytes a letter", `${"😀".repeat(63)}.txt`, `${"😀".repeat(62)}.txt`],
    ["a family at the edge", `${"a".repeat(240)}${FAMILY}.txt`, `${"a".repeat(240)}.txt`],
    ["a family that just fits", `${"a".repeat(226)}${FAMILY}.txt`, `${"a".repeat(226)}${FAMILY}.txt`],
    ["a letter of more marks than fit", `a${"\u0301".repeat(400)}.txt`, `á${"\u0301".repeat(124)}.txt`],
    [
      "an ending of 127 bytes",
      `${"a".repeat(200)}.${"b".repeat(126)}`,
      `${"a".repeat(128)}.${"b".repeat(126)}`,
    ],
    [
      "an ending of 128 bytes",
      `${"a".repeat(200)}.${"b".repeat(127)}`,
      `${"a".repeat(200)}.${"b".repeat(54)}`,
    ],
    ["a space at the cut", `${"a".repeat(250)} ${"b".repeat(9)}.txt`, `${"a".repeat(250)}.txt`],
    ["a dot at the cut", `${"a".repeat(254)}.${"b".repeat(200)}`, "a".repeat(254)],
    ["a device that is long", `con.${"b".repeat(300)}`, `_con.${"b".repeat(250)}`],
  ])("%s", (_what, declared, expected) => {
    const name = normalizeFilename(declared);
    expect(name).toBe(expected);
    expect(bytesOf(name)).toBeLessThanOrEqual(MAX_NAME_BYTES);
  });
});

/** What is likely to be trouble, more often than chance would have it. */
const declaredNames = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 8 }),
      fc.constantFrom(
        "..",
        ".",
        "/",
        "\\",
        ":",
        " ",
        "\0",
        "\u202e",
        "\ufeff",
        FAMILY,
        "con",
        ".exe",
        "a".repeat(120),
      ),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(""));

test("whatever is declared, a name is well-formed, short, and made only once", () => {
  fc.assert(
    fc.property(declaredNames, (declared) => {
      const name = normalizeFilename(declared);
      if (name === undefined) return;
      expect(bytesOf(name)).toBeLessThanOrEqual(MAX_NAME_BYTES);
      expect(name.isWellFormed()).toBe(true);
      expect(name).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069/\\:*?"<>|]|^\s|[.\s]$|^\.\.|^$/u);
      expect(normalizeFilename(name)).toBe(name);
    }),
    { numRuns: runs(2_000, 100_000) },
  );
});

test("names are searched without case, marks and compatibility forms", () => {
  expect(["ÜBER", "ﬁle", "Ａ", "İ"].map(foldName)).toEqual(["uber", "file", "a", "i"]);
});
