/** Archives: nested, cut, locked, forged, and bombs. */
import { gzipSync } from "node:zlib";
import { tar } from "../../processor/support/tar.ts";
import { forge } from "../../processor/support/zip-forge.ts";
import { gzip, zip, type ZipEntry } from "../eicar.ts";
import { cut, EMPTY, followed, noise, ONE_BYTE, text } from "./bytes.ts";
import { packed } from "./pack.ts";
import { clean, type CorpusFile, once, refused, row, unscannable, USUAL } from "./row.ts";

const WORDS = { name: "words.txt", content: Buffer.from("hello world ".repeat(500)) };
const usual = (): Buffer => zip([WORDS]);
const MIB = 2 ** 20;

export function nested(entry: ZipEntry, levels: number): Buffer {
  let archive = zip([entry]);
  for (let level = 1; level < levels; level++) archive = zip([{ name: `${level}.zip`, content: archive }]);
  return archive;
}

const zeros = once(() => Buffer.alloc(150 * MIB));
/** Twenty-one members of 100 MiB each: more than the scanner takes. */
const gzipBomb = () => {
  const member = gzipSync(Buffer.alloc(100 * MIB));
  return Buffer.concat(Array.from({ length: 21 }, () => member));
};
const manyEntries = () =>
  zip(Array.from({ length: 20_000 }, (_, index) => ({ name: `${index}.txt`, content: Buffer.of(97) })));
const overlapping = () => forge([WORDS, { ...WORDS, name: "again.txt", central: { offset: 0 } }]);
const usualSevenZip = once(() => packed("7z", WORDS));

export const ARCHIVES: readonly CorpusFile[] = [
  row("as any", "usual.zip", usual, clean(), USUAL),
  row("with nothing in it", "none.zip", () => zip([]), clean()),
  row("in a zip in a zip", "nested.zip", () => nested(WORDS, 3), clean()),
  row(
    "in thirty others",
    "deep.zip",
    () => nested(WORDS, 30),
    unscannable("Heuristics.Limits.Exceeded.MaxRecursion"),
  ),
  row("of 20,000 files", "many.zip", manyEntries, unscannable("Heuristics.Limits.Exceeded.MaxFiles")),
  row("with a way up", "up.zip", () => zip([{ ...WORDS, name: "../../etc/words.txt" }]), clean()),
  row(
    "under a password",
    "locked.zip",
    () => zip([WORDS], { encrypted: true }),
    refused("CONTENT_ENCRYPTED"),
  ),
  row("without its last 10 bytes", "cut.zip", cut(usual, -10), unscannable("Zip.Directory.Missing")),
  row("cut after half", "half.zip", cut(usual, 0.5), unscannable("Zip.Directory.Missing")),
  row(
    "with more behind it",
    "more.zip",
    followed(usual, Buffer.from("more")),
    unscannable("Zip.Directory.Missing"),
  ),
  row("with two files at one place", "overlap.zip", overlapping, unscannable("Zip.Directory.Overlap")),
  row(
    "of a thousand times its size",
    "bomb.zip",
    () => zip([{ name: "zeros", content: zeros() }]),
    unscannable("Zip.Limits.Ratio"),
  ),
  row("empty", "empty.zip", EMPTY, clean()),
  row("of one byte", "byte.zip", ONE_BYTE, refused("FILE_TYPE_MISMATCH")),
  row("a text", "text.zip", text("hello"), refused("FILE_TYPE_MISMATCH")),
  row(
    "a Java program",
    "java.zip",
    () => zip([{ name: "META-INF/MANIFEST.MF", content: Buffer.of(97) }]),
    refused("FILE_TYPE_MISMATCH"),
  ),

  row("as any", "usual.gz", () => gzip(WORDS.content), clean(), USUAL),
  row("of a tar", "usual.tgz", () => gzip(tar([WORDS])), clean()),
  row(
    "without its last 4 bytes",
    "cut.gz",
    cut(() => gzip(noise(5_000)), -4),
    unscannable("Gzip.Cut"),
  ),
  row(
    "with more behind it",
    "more.gz",
    followed(() => gzip(WORDS.content), Buffer.from("more")),
    unscannable("Gzip.AfterEnd"),
  ),
  row("of more than is scanned", "bomb.gz", gzipBomb, unscannable("Heuristics.Limits.Exceeded.MaxScanSize"), {
    isUsual: false,
  }),
  row("as any", "usual.tar", () => tar([WORDS]), clean(), USUAL),
  row(
    "cut in its file",
    "cut.tar",
    cut(() => tar([WORDS]), 0.5),
    unscannable("Tar.Cut"),
  ),
  row("as any", "usual.7z", usualSevenZip, clean(), USUAL),
  row("without its last byte", "cut.7z", cut(usualSevenZip, -1), unscannable("SevenZip.NotLookedAt")),
  row(
    "under a password",
    "locked.7z",
    () => packed("7z", WORDS, ["-psecret"]),
    unscannable("Heuristics.Encrypted.7Zip"),
  ),
  row(
    "under a password, with its names",
    "hidden.7z",
    () => packed("7z", WORDS, ["-psecret", "-mhe=on"]),
    unscannable("Heuristics.Encrypted.7Zip"),
  ),
  row(
    "as any",
    "usual.tar.xz",
    () => packed("xz", { name: "a.tar", content: tar([WORDS]) }),
    refused("FILE_TYPE_REFUSED"),
  ),
  row("a RAR", "usual.rar", text("Rar!\u001a\u0007\u0001\0"), refused("FILE_TYPE_REFUSED")),
  row("a RAR by another name", "rar.zip", text("Rar!\u001a\u0007\u0001\0"), refused("FILE_TYPE_MISMATCH")),
];
