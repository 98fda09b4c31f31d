/** PDFs and Office documents: cut, locked, endless, with macros, and as what they are not. */
import { deflateSync } from "node:zlib";
import { base64Lines, base64Part, mail } from "../../processor/support/mails.ts";
import { book } from "../books.ts";
import { outlookMessage } from "../compound-files.ts";
import { zip } from "../eicar.ts";
import type { OfficeExtension } from "../office.ts";
import { convertFlat, flatSheet, flatSlides, flatText, RTF } from "../office.ts";
import { endlessPdf, makePdf } from "../pdfs.ts";
import { cut, EMPTY, followed, multiplying, noise, ONE_BYTE, text } from "./bytes.ts";
import { docx, lockedDocument } from "./office-parts.ts";
import { packed } from "./pack.ts";
import { all, clean, type CorpusFile, once, refused, row, unscannable, USUAL } from "./row.ts";

const PDF_NAMES = ["thumbnail", "text", "reduced"] as const;
/** One that could hardly be smaller. */
const PDF_READY = { ...all("ready", "thumbnail", "text"), reduced: "none" } as const;
const PDF_REDUCED = all("ready", ...PDF_NAMES);
const PDF_FAILED = all("failed", ...PDF_NAMES);
const OFFICE_NAMES = ["thumbnail", "preview", "text"] as const;
const READY = all("ready", ...OFFICE_NAMES);
const FAILED = all("failed", ...OFFICE_NAMES);

const onePage = () => makePdf();
const manyPages = once(() => makePdf({ pages: 300 }));
const encrypted = (user: string, bits: string) => () =>
  packed("qpdf", { name: "a.pdf", content: makePdf() }, [
    ...["--allow-weak-crypto", "--encrypt", user, "owner", bits, "--"],
  ]);
const object = (content: string) => () => makePdf({ extra: content });

/** What LibreOffice makes of one page of each kind. */
const letters = once(() => convertFlat(flatText(1), ["doc", "odt", "docx"]));
const tables = once(() => convertFlat(flatSheet(20), ["xls", "xlsx", "ods"]));
const slides = once(() => convertFlat(flatSlides(1), ["ppt", "pptx", "odp"]));
const madeBy = (source: typeof letters, wanted: OfficeExtension) => async () => {
  const [, bytes] = (await source()).find(([extension]) => extension === wanted) ?? [];
  return bytes ?? Buffer.alloc(0);
};
const doc = madeBy(letters, "doc");

/** As Word saves a page with macros: they are packed, in what no scanner unpacks (ActiveMime). */
const webArchive = () => {
  const head = Buffer.concat([Buffer.from("ActiveMime\0\0"), Buffer.alloc(38)]);
  const macros = Buffer.concat([head, deflateSync(Buffer.alloc(512))]);
  const part = base64Part(base64Lines(macros), "application/x-mso");
  return Buffer.from(mail([`Content-Location: file:///C:/a/editdata.mso\r\n${part}`]));
};

const MACROS = { name: "word/vbaProject.bin", content: Buffer.from("d0cf11e0a1b11ae1", "hex") };
const bomb = () => docx("hello", [{ name: "word/media/zeros.bin", content: Buffer.alloc(150 * 2 ** 20) }]);

export const DOCUMENTS: readonly CorpusFile[] = [
  row("as any", "usual.pdf", onePage, clean(PDF_READY, { pages: 1 }), USUAL),
  row("of 300 pages", "long.pdf", manyPages, clean(PDF_REDUCED, { pages: 300 })),
  row("of pages without an end", "endless.pdf", endlessPdf, clean(PDF_FAILED)),
  row("of a page of 5 km", "huge.pdf", () => makePdf({ size: [14_400_000, 14_400_000] }), clean(PDF_READY)),
  row("cut after half", "half.pdf", cut(manyPages, 0.5), clean(PDF_FAILED)),
  row("without its last 30 bytes", "cut.pdf", cut(onePage, -30), clean(PDF_READY, { pages: 1 })),
  row(
    "with noise before it",
    "before.pdf",
    () => Buffer.concat([Buffer.alloc(500, 32), makePdf()]),
    clean(PDF_REDUCED, { pages: 1 }),
  ),
  row("with noise behind it", "behind.pdf", followed(onePage, noise(500)), clean(PDF_REDUCED, { pages: 1 })),
  row(
    "with a script",
    "script.pdf",
    object("<< /S /JavaScript /JS (app.alert\\(1\\)) >>"),
    clean(PDF_READY, { pages: 1 }),
  ),
  row("that is signed", "signed.pdf", object("<< /Type /Sig /ByteRange [0 1 2 3] >>"), clean(PDF_READY)),
  row("under a password", "locked.pdf", encrypted("secret", "256"), unscannable("Heuristics.Encrypted.PDF")),
  row("under its owner's password alone", "owned.pdf", encrypted("", "128"), clean(PDF_READY, { pages: 1 })),
  row("empty", "empty.pdf", EMPTY, clean(PDF_FAILED)),
  row("of one byte", "byte.pdf", ONE_BYTE, refused("FILE_TYPE_MISMATCH")),
  row("a zip", "zip.pdf", () => zip([]), refused("FILE_TYPE_MISMATCH")),
  row("of a header alone", "head.pdf", text("%PDF-1.7\n"), clean(PDF_FAILED)),

  row("by hand", "usual.docx", () => docx("hello"), clean(READY, { pages: 1 }), USUAL),
  row("as any", "made.docx", madeBy(letters, "docx"), clean(READY, { pages: 1, title: "Offer 7" })),
  row("as any", "usual.doc", doc, clean(READY, { pages: 1 })),
  row("as any", "usual.odt", madeBy(letters, "odt"), clean(READY, { pages: 1 })),
  row("as any", "usual.xlsx", madeBy(tables, "xlsx"), clean(READY, { pages: 1 })),
  row("as any", "usual.xls", madeBy(tables, "xls"), clean(READY, { pages: 1 })),
  row("as any", "usual.ods", madeBy(tables, "ods"), clean(READY, { pages: 1 })),
  row("as any", "usual.pptx", madeBy(slides, "pptx"), clean(READY, { pages: 1 })),
  row("as any", "usual.ppt", madeBy(slides, "ppt"), clean(READY, { pages: 1 })),
  row("as any", "usual.odp", madeBy(slides, "odp"), clean(READY, { pages: 1 })),
  row("as any", "usual.rtf", () => RTF, clean(READY, { pages: 1 })),
  row(
    "cut after half",
    "half.rtf",
    cut(() => RTF, 0.5),
    clean(FAILED),
  ),
  row("cut after half", "half.doc", cut(doc, 0.5), clean(FAILED)),
  row(
    "without its last 10 bytes",
    "cut.docx",
    cut(() => docx("a"), -10),
    unscannable("Zip.Directory.Missing"),
  ),
  row("with macros", "macros.docx", () => docx("hello", [MACROS]), clean(READY)),
  row("called with macros", "macros.docm", () => docx("hello", [MACROS]), refused("FILE_TYPE_REFUSED")),
  row("under a password", "locked.docx", () => lockedDocument(noise(2_000)), refused("CONTENT_ENCRYPTED")),
  row("of entities that multiply", "laughs.docx", () => docx("&i;", [], multiplying("x")), clean(FAILED)),
  row("of a thousand times its size", "bomb.docx", bomb, unscannable("Zip.Limits.Ratio")),
  row("a table", "table.docx", madeBy(tables, "xlsx"), unscannable("Type.NotAsDeclared")),
  row(
    "a zip",
    "zip.docx",
    () => zip([{ name: "a.txt", content: Buffer.of(97) }]),
    unscannable("Type.NotAsDeclared"),
  ),
  row("a text", "text.doc", text("hello"), refused("FILE_TYPE_MISMATCH")),
  row("an old document", "old.docx", doc, unscannable("Type.NotAsDeclared")),
  row("empty", "empty.docx", EMPTY, clean(FAILED)),
  row("a book", "usual.epub", () => book(), clean(all("ready", "thumbnail", "text"), { author: "Bulwer" })),
  row(
    "of a type alone",
    "head.epub",
    () => zip([{ name: "mimetype", content: Buffer.from("application/epub+zip") }]),
    clean(all("failed", "thumbnail", "text")),
  ),
  row("with a file attached", "usual.msg", () => outlookMessage(Buffer.from("hello")), clean()),
  row("a web archive with macros", "page.mht", webArchive, refused("FILE_TYPE_REFUSED")),
  row("a web archive with macros", "page.doc", webArchive, refused("FILE_TYPE_MISMATCH")),
];
