// Also for bootstrap.mjs: built-ins only.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian and Homebrew keep daemons in sbin, which isn't always in an ordinary user's PATH; macOS has applications. */
const OTHERS = [
  ...["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"],
  "/Applications/LibreOffice.app/Contents/MacOS",
];

/**
 * @param {string} name
 * @param {string} path
 */
export function findProgram(name, path = process.env.PATH ?? "") {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ""), ...OTHERS];
  return folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
}
