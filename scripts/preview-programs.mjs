// What previews are made with, beside Node. Also for bootstrap.mjs: built-ins only.

import { existsSync } from "node:fs";
import { findProgram } from "./find-program.mjs";

const FONTS =
  "fonts-liberation fonts-dejavu-core fonts-crosextra-carlito fonts-crosextra-caladea fonts-droid-fallback";
const FONT_FOLDERS = [
  "/usr/share/fonts/truetype/liberation",
  "/usr/share/fonts/TTF",
  "/System/Library/Fonts",
];
/** Plugins: HEIC's codec, and AVIF's for what is too large for the processor's own. */
const HEIF = "libheif-examples libheif-plugin-libde265 libheif-plugin-dav1d";
const OFFICE = "libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui";

/**
 * In the order in which they are installed: what is small first. Fonts: those that stand in for what Office documents
 * ask for, and one with the world's scripts.
 * @type {readonly import("./preview-programs.d.mts").PreviewProgram[]}
 */
export const PREVIEW_PROGRAMS = [
  { tool: "fonts", program: "fonts", debian: FONTS, macos: "font-dejavu", anyOf: FONT_FOLDERS },
  { tool: "poppler", program: "pdftoppm", debian: "poppler-utils", macos: "poppler" },
  { tool: "qpdf", program: "qpdf", debian: "qpdf", macos: "qpdf" },
  { tool: "heif", program: "heif-dec", debian: HEIF, macos: "libheif" },
  { tool: "ffmpeg", program: "ffmpeg", debian: "ffmpeg", macos: "ffmpeg" },
  { tool: "libreoffice", program: "soffice", debian: OFFICE, macos: "--cask libreoffice" },
];

/**
 * What files are looked into with, and what isolates programs: nothing is served without the first two.
 * @type {readonly { readonly program: string; readonly debian: string; readonly macos: string }[]}
 */
export const PRODUCT_PROGRAMS = [
  { program: "clamd", debian: "clamav-daemon", macos: "clamav" },
  { program: "7z", debian: "7zip", macos: "sevenzip" },
  { program: "bwrap", debian: "bubblewrap", macos: "" },
];

/** @param {{ readonly program: string; readonly anyOf?: readonly string[] }} program */
export function isThere({ program, anyOf }) {
  return anyOf === undefined ? findProgram(program) !== undefined : anyOf.some((path) => existsSync(path));
}

/** Those that aren't there. */
export function missingPreviewPrograms() {
  return PREVIEW_PROGRAMS.filter((each) => !isThere(each));
}

/** Whether packages can be installed by us: as root, on Debian and its like. */
export function canInstall() {
  return process.getuid?.() === 0 && findProgram("apt-get") !== undefined;
}

/**
 * A sentence for whoever has to install something by hand.
 * @param {readonly { readonly program: string; readonly debian: string; readonly macos: string }[]} missing
 */
export function installSentence(missing) {
  const names = missing.map(({ program }) => program).join(", ");
  const debian = missing.map((each) => each.debian).join(" ");
  const macos = missing.map((each) => each.macos).join(" ");
  return (
    `Please install ${names}: Debian/Ubuntu "sudo apt-get install --no-install-recommends ${debian}", ` +
    `macOS "brew install ${macos}".`
  );
}
