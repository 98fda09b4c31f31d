/** Texts: in several encodings, wide and long, and what only calls itself one. */
import { cut, EMPTY, multiplying, noise, ONE_BYTE, text } from "./bytes.ts";
import { all, clean, type CorpusFile, refused, row, USUAL } from "./row.ts";

const NAMES = ["thumbnail", "preview"] as const;
const READY = all("ready", ...NAMES);
const FAILED = all("failed", ...NAMES);
const MARK = "\uFEFF";

/** What has no encoder in Node: "Привет, мир. Это обычный русский текст…" by its bytes. */
function cyrillic(words: string): Buffer {
  return Buffer.from(
    Array.from(words, (letter) => {
      const code = letter.codePointAt(0) ?? 0;
      return code >= 0x410 && code <= 0x44f ? code - 0x410 + 0xc0 : code;
    }),
  );
}

/** "日本語の文書です" in Shift_JIS. */
const SHIFT_JIS = Buffer.from("93fa967b8cea82cc95b68f9182c582b78142", "hex");
const RUSSIAN = "Добрый день, это обычное письмо на русском языке, в нем ничего особенного нет.\n";
const GERMAN = "Grüße aus Köln: für größere Mengen gelten übliche Preise.\n";
const swapped = (words: string): Buffer => Buffer.from(words, "utf16le").swap16();
const columns = (count: number): string => Array.from({ length: count }, (_, index) => `c${index}`).join(",");

export const TEXTS: readonly CorpusFile[] = [
  row("as any", "usual.txt", text("hello\nworld\n"), clean(READY, { encoding: "utf-8", lines: 2 }), USUAL),
  row("with a mark", "mark.txt", text(`${MARK}hello`), clean(READY, { encoding: "utf-8" })),
  row(
    "in UTF-16, little end first",
    "little.txt",
    () => Buffer.from(`${MARK}${RUSSIAN}`, "utf16le"),
    clean(READY, { encoding: "utf-16le", lines: 1 }),
  ),
  row(
    "in UTF-16, big end first",
    "big.txt",
    () => swapped(`${MARK}${RUSSIAN}`),
    clean(READY, { encoding: "utf-16be", lines: 1 }),
  ),
  row(
    "in windows-1252",
    "german.txt",
    () => Buffer.from(GERMAN, "latin1"),
    clean(READY, { encoding: "windows-1252" }),
  ),
  row(
    "in windows-1251",
    "russian.txt",
    () => cyrillic(RUSSIAN.repeat(5)),
    clean(READY, { encoding: "windows-1251" }),
  ),
  row(
    "in Shift_JIS",
    "japanese.txt",
    () => Buffer.concat(Array.from({ length: 9 }, () => SHIFT_JIS)),
    clean(READY, { encoding: "shift_jis" }),
  ),
  row("cut within a character", "cut.txt", cut(text(`${"a".repeat(100)}€`), -1), clean(READY)),
  row("of one line of 5 MB", "line.txt", () => Buffer.alloc(5_000_000, "word "), clean(READY, { lines: 1 })),
  row(
    "of ends of lines alone",
    "ends.txt",
    () => Buffer.alloc(100_000, "\r\n"),
    clean(READY, { lines: 50_000 }),
  ),
  row("empty", "empty.txt", EMPTY, clean(FAILED), USUAL),
  row("of one byte", "byte.txt", ONE_BYTE, clean(READY, { lines: 1 })),
  row("with a shell's first line", "shell.txt", text("#!/bin/sh\nrm -rf /\n"), clean(READY, { lines: 2 })),
  row("with a zero in it", "zero.txt", text("hello\0world"), refused("FILE_TYPE_MISMATCH")),
  row("of noise", "noise.txt", () => noise(10_000), refused("FILE_TYPE_MISMATCH")),
  row("a program", "program.txt", text(`\u007fELF${"\0".repeat(60)}`), refused("FILE_TYPE_MISMATCH")),
  row(
    "of noise behind 4 KiB of words",
    "later.txt",
    () => Buffer.concat([Buffer.alloc(4_096, "word "), noise(99)]),
    clean(FAILED),
  ),
  row("HTML by another name", "page.txt", text("<!doctype html><script>1</script>"), clean(READY)),
  row("HTML", "page.html", text("<!doctype html>"), refused("FILE_TYPE_REFUSED")),
  row("declared as HTML", "declared.txt", text("hello"), refused("FILE_TYPE_REFUSED"), { type: "text/html" }),

  row("as any", "usual.csv", text("name,city\nAda,London\n"), clean(READY, { lines: 2 })),
  row(
    "of 100,000 columns",
    "wide.csv",
    text(`${columns(100_000)}\n${columns(100_000)}\n`),
    clean(READY, { lines: 2 }),
  ),
  row("of quotes that never end", "quotes.csv", text(`a,"b\n${"c,d\n".repeat(1_000)}`), clean(READY)),
  row("with formulas", "formulas.csv", text('=cmd|"/C calc"!A0,1\n'), clean(READY)),
  row("said to be Excel's", "excel.csv", text("a;b\n1;2\n"), clean({ ...READY, text: "ready" }), {
    type: "application/vnd.ms-excel",
  }),
  row("as any", "usual.md", text("# Title\n\n<b>words</b>\n"), clean(READY, { lines: 3 })),
  row("as any", "usual.json", text('{"a":[1,2]}'), clean(READY, { lines: 1 })),
  row("of 100,000 brackets", "deep.json", text("[".repeat(100_000)), clean(READY)),
  row(
    "of entities that multiply",
    "laughs.xml",
    text(`<?xml version="1.0"?>${multiplying("x")}<x>&i;</x>`),
    clean(READY),
  ),
  row("a mail", "usual.eml", text("From: a@b.example\r\nSubject: c\r\n\r\nhello\r\n"), clean()),
  row("a date", "usual.ics", text("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), clean(READY, { lines: 2 })),
];

/** Names that are odd, of a file that isn't. */
export const NAMES_OF_FILES: readonly CorpusFile[] = [
  row("written from right to left", "\u05e9\u05dc\u05d5\u05dd.txt", text("a"), clean(READY)),
  row("turned round before its ending", "a\u202etxt.exe", text("a"), refused("FILE_TYPE_REFUSED")),
  row("turned round, of a text", "a\u202eexe.txt", text("a"), clean(READY)),
  row("of 1,000 letters", `${"a".repeat(996)}.txt`, text("a"), clean(READY)),
  row("of 1,025 letters", `${"a".repeat(1_021)}.txt`, text("a"), refused("FILE_NAME_INVALID")),
  row("of a way up", "../../etc/passwd.txt", text("a"), clean(READY)),
  row("of a device", "CON.txt", text("a"), clean(READY)),
  row("of people", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}.txt", text("a"), clean(READY)),
  row("with two endings", "invoice.txt.exe", text("a"), refused("FILE_TYPE_REFUSED")),
  row("with a dot at its end", "invoice.exe.", text("a"), refused("FILE_TYPE_REFUSED")),
  row("of nothing that is seen", "\u200b.\u200b", text("a"), refused("FILE_NAME_INVALID")),
  row("without an ending", "README", text("a"), refused("FILE_TYPE_REFUSED")),
];
